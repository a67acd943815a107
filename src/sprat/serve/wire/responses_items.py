"""Items of a response as they grow: their events, and what they are in the end."""

import secrets
from collections.abc import Iterator
from typing import Any

from sprat.serve.wire import responses_events as told
from sprat.serve.wire.chat_types import TokenInfo
from sprat.serve.wire.responses_events import Event
from sprat.serve.wire.responses_types import (
    OutputCall,
    OutputItem,
    OutputMessage,
    OutputReasoning,
    OutputText,
    Part,
    Progress,
    ReasoningText,
)

Numbers = Iterator[int]
"""The response's sequence numbers."""


class MessageItem:
    """What the model says."""

    def __init__(self, place: int, numbers: Numbers) -> None:
        self._numbers = numbers
        self._item: dict[str, Any] = {"item_id": _id(self.prefix), "output_index": place}
        self._at: dict[str, Any] = self._item | {"content_index": 0}
        self._said: list[str] = []
        self._logprobs: list[TokenInfo] = []

    prefix = "msg"

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._said)

    def opened(self) -> list[Event]:
        """What is told when it begins."""
        return [
            _added(self._numbers, self._item, self.item("in_progress")),
            told.PartAdded(sequence_number=next(self._numbers), part=self._part(), **self._at),
        ]

    def add(self, text: str, logprobs: tuple[TokenInfo, ...] = ()) -> Event:
        """Take a piece, and tell of it."""
        self._said.append(text)
        self._logprobs += logprobs
        return self._delta(text, logprobs)

    def closed(self, status: Progress) -> list[Event]:
        """What is told when it ends."""
        return [
            self._done(),
            told.PartDone(sequence_number=next(self._numbers), part=self._part(), **self._at),
            _ended(self._numbers, self._item, self.item(status)),
        ]

    def item(self, status: Progress) -> OutputItem:
        """The item as it is now."""
        begun = status != "in_progress"
        return OutputMessage(
            id=self._item["item_id"], status=status, content=(self._output(),) if begun else ()
        )

    def _output(self) -> OutputText:
        return OutputText(text=self.text, logprobs=tuple(self._logprobs))

    def _part(self) -> Part:
        return self._output()

    def _delta(self, text: str, logprobs: tuple[TokenInfo, ...]) -> Event:
        number = next(self._numbers)
        return told.TextDelta(sequence_number=number, delta=text, logprobs=logprobs, **self._at)

    def _done(self) -> Event:
        return told.TextDone(
            sequence_number=next(self._numbers),
            text=self.text,
            logprobs=tuple(self._logprobs),
            **self._at,
        )


class ReasoningItem(MessageItem):
    """What the model thinks."""

    prefix = "rs"

    def item(self, status: Progress) -> OutputItem:
        """The item as it is now."""
        begun = status != "in_progress"
        content = (ReasoningText(self.text),) if begun else ()
        return OutputReasoning(id=self._item["item_id"], status=status, content=content)

    def _part(self) -> Part:
        return ReasoningText(self.text)

    def _delta(self, text: str, logprobs: tuple[TokenInfo, ...]) -> Event:
        number = next(self._numbers)
        return told.ReasoningDelta(sequence_number=number, delta=text, **self._at)

    def _done(self) -> Event:
        number = next(self._numbers)
        return told.ReasoningDone(sequence_number=number, text=self.text, **self._at)


class CallItem:
    """A function that the model wants to be called."""

    def __init__(self, place: int, numbers: Numbers, call_id: str, name: str) -> None:
        self._numbers = numbers
        self._item: dict[str, Any] = {"item_id": _id("fc"), "output_index": place}
        self._call_id = call_id
        self._name = name
        self._arguments: list[str] = []

    def opened(self) -> list[Event]:
        """What is told when it begins."""
        return [_added(self._numbers, self._item, self.item("in_progress"))]

    def add(self, arguments: str) -> Event:
        """Take a piece of the arguments, and tell of it."""
        self._arguments.append(arguments)
        number = next(self._numbers)
        return told.ArgumentsDelta(sequence_number=number, delta=arguments, **self._item)

    def closed(self, status: Progress) -> list[Event]:
        """What is told when it ends."""
        done = told.ArgumentsDone(
            sequence_number=next(self._numbers),
            name=self._name,
            arguments="".join(self._arguments),
            **self._item,
        )
        return [done, _ended(self._numbers, self._item, self.item(status))]

    def item(self, status: Progress) -> OutputItem:
        """The item as it is now."""
        return OutputCall(
            id=self._item["item_id"],
            call_id=self._call_id,
            name=self._name,
            arguments="".join(self._arguments),
            status=status,
        )


def _id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def _added(numbers: Numbers, at: dict[str, Any], item: OutputItem) -> Event:
    place = at["output_index"]
    return told.ItemAdded(sequence_number=next(numbers), output_index=place, item=item)


def _ended(numbers: Numbers, at: dict[str, Any], item: OutputItem) -> Event:
    place = at["output_index"]
    return told.ItemDone(sequence_number=next(numbers), output_index=place, item=item)
