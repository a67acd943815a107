"""Tool calls in parts, as a stream has them, and whole, as a reply has them."""

import uuid
from collections.abc import Iterable
from typing import Any

Call = dict[str, Any]
"""`{"id", "type": "function", "function": {"name", "arguments"}}`; the arguments are JSON text."""


def new_call(name: str, arguments: str) -> Call:
    """A call with an identifier of its own."""
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": function}


def parts(call: Call, index: int) -> tuple[dict[str, Any], ...]:
    """What a stream says of the call: first who is called, then with what."""
    function = call["function"]
    head = {
        "index": index,
        "id": call["id"],
        "type": "function",
        "function": {"name": function["name"], "arguments": ""},
    }
    return head, {"index": index, "function": {"arguments": function["arguments"]}}


def joined(pieces: Iterable[dict[str, Any]]) -> tuple[Call, ...]:
    """The whole calls that were said in parts: the inverse of `parts`."""
    calls: dict[int, Call] = {}
    for piece in pieces:
        function: dict[str, Any] = piece["function"]
        if piece["index"] not in calls:
            whole = {"name": function["name"], "arguments": function["arguments"]}
            calls[piece["index"]] = {"id": piece["id"], "type": "function", "function": whole}
        else:
            calls[piece["index"]]["function"]["arguments"] += function["arguments"]
    return tuple(calls.values())
