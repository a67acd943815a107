"""Writes one response: whole, or event by event."""

import itertools
import secrets
import time
from typing import Any

import msgspec

from sprat.serve.problem import Problem
from sprat.serve.wire import responses_events as told_by
from sprat.serve.wire.chat_form import logprobs_of
from sprat.serve.wire.chat_types import TokenInfo
from sprat.serve.wire.form import encode
from sprat.serve.wire.responses_events import Event, written
from sprat.serve.wire.responses_items import CallItem, MessageItem, ReasoningItem
from sprat.serve.wire.responses_types import (
    Fault,
    OutputItem,
    Progress,
    Response,
    incomplete_of,
    usage_of,
)
from sprat.serve.wire.sprat import Told, sprat_of
from sprat.types import Delta, Reply, TokenLogprob

Item = MessageItem | CallItem


class Output:
    """The items of one answer, in the order in which they began.

    A text ends where something else begins. Calls end with the answer: their parts may alternate.
    """

    def __init__(self, *, logprobs: bool) -> None:
        self.numbers = itertools.count()
        self._logprobs = logprobs
        self._items: list[Item] = []
        self._open: list[Item] = []
        self._calls: dict[int, CallItem] = {}
        self._done: dict[int, Progress] = {}

    def take(self, delta: Delta) -> list[Event]:
        """Take a piece, and tell of it."""
        events: list[Event] = []
        if delta.reasoning:
            events += self._say(ReasoningItem, delta.reasoning, ())
        if delta.text or (delta.logprobs and self._logprobs):
            events += self._say(MessageItem, delta.text, self._shown(delta.logprobs))
        for part in delta.tool_calls:
            events += self._call(part)
        return events

    def end(self, status: Progress) -> list[Event]:
        """Close what is open; an answer without anything is an empty message."""
        events = [] if self._items else self._say(MessageItem, "", ())
        while self._open:
            last = len(self._open) == 1
            events += self._close(self._open[0], status if last else "completed")
        return events

    def items(self, status: Progress) -> tuple[OutputItem, ...]:
        """What there is; what is not closed has `status`."""
        return tuple(
            item.item(self._done.get(place, status)) for place, item in enumerate(self._items)
        )

    def _say(
        self, kind: type[MessageItem], text: str, logprobs: tuple[TokenInfo, ...]
    ) -> list[Event]:
        current = self._items[-1] if self._items else None
        if isinstance(current, MessageItem) and type(current) is kind and current in self._open:
            return [current.add(text, logprobs)]
        item = kind(len(self._items), self.numbers)
        events = self._begin(item)
        return [*events, item.add(text, logprobs)] if text or logprobs else events

    def _call(self, part: dict[str, Any]) -> list[Event]:
        function: dict[str, Any] = part.get("function") or {}
        index = int(part.get("index", 0))
        events: list[Event] = []
        if index not in self._calls:
            call_id, name = str(part.get("id") or ""), str(function.get("name") or "")
            call = CallItem(len(self._items), self.numbers, call_id, name)
            self._calls[index] = call
            events += self._begin(call)
        if arguments := function.get("arguments"):
            events.append(self._calls[index].add(str(arguments)))
        return events

    def _begin(self, item: Item) -> list[Event]:
        events: list[Event] = []
        for other in [one for one in self._open if isinstance(one, MessageItem)]:
            events += self._close(other, "completed")
        self._items.append(item)
        self._open.append(item)
        return [*events, *item.opened()]

    def _close(self, item: Item, status: Progress) -> list[Event]:
        self._open.remove(item)
        self._done[self._items.index(item)] = status
        return item.closed(status)

    def _shown(self, entries: tuple[TokenLogprob, ...]) -> tuple[TokenInfo, ...]:
        return logprobs_of(entries).content if self._logprobs else ()


class ResponsesForm:
    """Writes one response. `asked` is what it says of the request, before there is an answer."""

    def __init__(self, asked: Response, *, logprobs: bool) -> None:
        self._response = asked
        self._output = Output(logprobs=logprobs)

    def whole(self, replies: list[Reply], told: Told) -> bytes:
        """The JSON of the answer."""
        (reply,) = replies
        self._output.take(_as_delta(reply))
        self._output.end(_status(reply))
        return encode(self._ended(reply, told))

    def begin(self, told: Told) -> bytes:
        """The response as it begins."""
        number, response = self._output.numbers, self._response
        return written(told_by.Created(sequence_number=next(number), response=response)) + written(
            told_by.InProgress(sequence_number=next(number), response=response)
        )

    def piece(self, index: int, delta: Delta) -> bytes:
        """Events for a piece."""
        return b"".join(map(written, self._output.take(delta)))

    def end(self, index: int, reply: Reply, told: Told) -> bytes:
        """The items' ends, and the whole response."""
        events = self._output.end(_status(reply))
        response, number = self._ended(reply, told), next(self._output.numbers)
        kind = told_by.Completed if response.status == "completed" else told_by.CutOff
        last = kind(sequence_number=number, response=response)
        return b"".join(map(written, [*events, last]))

    def finish(self, replies: list[Reply], told: Told) -> bytes:
        """Nothing: the response's end said it."""
        return b""

    def failed(self, problem: Problem) -> bytes:
        """The error, and the response as far as it came."""
        number, code = self._output.numbers, problem.code or problem.type
        error = told_by.Error(
            sequence_number=next(number),
            code=code,
            message=problem.message,
            param=problem.param,
        )
        response = msgspec.structs.replace(
            self._response,
            status="failed",
            error=Fault(code, problem.message),
            output=self._output.items("incomplete"),
        )
        failed = told_by.Failed(sequence_number=next(number), response=response)
        return written(error) + written(failed)

    def _ended(self, reply: Reply, told: Told) -> Response:
        return msgspec.structs.replace(
            self._response,
            status=_status(reply),
            completed_at=int(time.time()),
            incomplete_details=incomplete_of(reply),
            output=self._output.items(_status(reply)),
            usage=usage_of(reply),
            sprat=sprat_of(reply, told),
        )


def new_id() -> str:
    """A response's identifier: nothing is found under it later."""
    return f"resp_{secrets.token_hex(16)}"


def _status(reply: Reply) -> Progress:
    return "completed" if incomplete_of(reply) is None else "incomplete"


def _as_delta(reply: Reply) -> Delta:
    """The whole reply as one piece."""
    calls = tuple({"index": place, **call} for place, call in enumerate(reply.tool_calls))
    return Delta(
        text=reply.text,
        reasoning=reply.reasoning,
        logprobs=reply.logprobs or (),
        tool_calls=calls,
    )
