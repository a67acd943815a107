"""What each of the API's kinds of answer has in common."""

from typing import Protocol

import msgspec

from sprat.serve.problem import Problem
from sprat.serve.wire.sprat import Told
from sprat.types import ChatRequest, Delta, Reply


class Form(Protocol):
    """Writes one request's answer in its API's words: whole, or as events of a stream.

    Pieces and ends come for `index`, the place of the answer among the `n` that were asked for.
    """

    def whole(self, replies: list[Reply], told: Told) -> bytes:
        """The JSON of a complete answer."""
        ...

    def begin(self, told: Told) -> bytes:
        """Events before the first piece."""
        ...

    def piece(self, index: int, delta: Delta) -> bytes:
        """Events for a piece; empty when there is nothing to tell."""
        ...

    def end(self, index: int, reply: Reply, told: Told) -> bytes:
        """Events for the end of one answer."""
        ...

    def finish(self, replies: list[Reply], told: Told) -> bytes:
        """Events after the last answer."""
        ...

    def failed(self, problem: Problem) -> bytes:
        """The event that says that the stream ends here without its answer."""
        ...


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was read."""

    model: str
    requests: tuple[ChatRequest, ...]
    """One per answer wanted."""
    stream: bool
    form: Form
    caller: str | None = None
    """Who asks, where the request says: they take turns in the queue."""


def event(data: bytes, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = b"" if name is None else b"event: " + name.encode() + b"\n"
    return head + b"data: " + data + b"\n\n"


DONE = event(b"[DONE]")
WAITING = b": waiting\n\n"
"""A comment: clients pass over it, and nothing on the way takes the connection for dead."""
encode = msgspec.json.Encoder().encode


def error_event(problem: Problem) -> bytes:
    """An error in the middle of a stream, as clients of OpenAI's API know it."""
    return event(encode(problem.as_object()))
