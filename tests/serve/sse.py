"""Streams of events, read as the standard says: the oracle for what the gateway writes.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import json
from typing import Any


def events(text: str) -> list[Any]:
    """The JSON of every event; an event's name must be its type. `[DONE]` is left out."""
    found: list[Any] = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if fields["data"] == "[DONE]":
            continue
        data = json.loads(fields["data"])
        assert fields.get("event", data.get("type")) == data.get("type")
        found.append(data)
    return found


def joined(chunks: list[Any], index: int, key: str) -> str:
    """What the chunks say of one choice."""
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return "".join(
        (choice.get("delta", choice).get(key) or "")
        for choice in choices
        if choice["index"] == index
    )
