"""One request that asks a model: read, watched, and closed with exactly one outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from sprat.measure.clock import now_ns
from sprat.serve.asgi import (
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    header,
    respond,
    respond_problem,
)
from sprat.serve.body import Gone, left, read_body
from sprat.serve.gateway import Gateway
from sprat.serve.problem import Problem, problem_of
from sprat.types import Delta, Reply

if TYPE_CHECKING:
    from sprat.policies.trail import Trail
    from sprat.serve.ledger import Outcome

Failed = Callable[[Problem], bytes]
"""Writes the event that ends a stream with an error."""

_STOPPING = Problem(
    status=503,
    type="server_error",
    message="The gateway is stopping.",
    code="stopping",
    retry_after_s=5,
)
_EVENTS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


class Exchange:
    """The way of one request through the gateway. What it asks for is `work`'s business."""

    def __init__(self, gateway: Gateway, scope: Scope, receive: Receive, send: Send) -> None:
        self.gateway = gateway
        self._scope = scope
        self._receive = receive
        self._send = send
        self._failed: Failed | None = None
        """Set once a stream's first byte was sent."""
        self._over = False
        """The last byte is on its way: a client that leaves now has its answer."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self.record = gateway.ledger.accept(scope["path"], task)
        if (trace := header(scope, b"traceparent")) is not None:
            self.record.traceparent = trace.decode("latin-1")

    async def run(self, work: "Work") -> None:
        """Read the body, do the work, see to it that the client hears how it ended."""
        watching: asyncio.Task[None] | None = None
        outcome: Outcome = "failed"
        try:
            raw = await read_body(self._scope, self._receive, self.gateway.settings.body_bytes)
            watching = asyncio.create_task(self._watch())
            await work(self, raw)
            outcome = "completed"
        except Gone:
            self.record.reason, outcome = "gone", "cancelled"
        except asyncio.CancelledError:
            outcome = "cancelled"
            await self._cancelled()
        except Exception as error:  # noqa: BLE001 - everything becomes one error object
            await self._fail(error)
        finally:
            if watching is not None:
                watching.cancel()
            self.gateway.ledger.close(self.record, outcome)

    async def _watch(self) -> None:
        await left(self._receive)
        if not self._over:
            self.gateway.ledger.cancel(self.record, "gone")

    def caller(self, named: str | None) -> str:
        """Who asks, for the queue: the name that the request gave, else its address."""
        client = self._scope.get("client") or ("",)
        return named or str(client[0])

    @property
    def streaming(self) -> bool:
        """Whether a stream has begun."""
        return self._failed is not None

    def note(self, piece: Delta | Reply) -> None:
        """Enter a piece of an answer into the record."""
        record = self.record
        if record.first_ns is None:
            record.first_ns = now_ns()
        if isinstance(piece, Reply):
            record.replies = (*record.replies, piece)

    def trail(self, trail: "Trail") -> None:
        """Enter what a policy did, as it ends."""
        self.record.trails = (*self.record.trails, trail)

    async def whole(self, body: bytes, headers: Headers) -> None:
        """Send a complete answer."""
        self.record.status, self._over = 200, True
        await respond(self._sending, 200, body, [*self._own(), *headers])

    async def begin(self, headers: Headers, failed: Failed) -> None:
        """Begin a stream of events. Until then an error has a status of its own."""
        self.record.status = 200
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [*_EVENTS, *self._own(), *headers],
        }
        await self._sending(start)
        self._failed = failed

    async def part(self, data: bytes) -> None:
        """Send events."""
        await self._sending({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes) -> None:
        """Send the last events."""
        self._over = True
        await self._sending({"type": "http.response.body", "body": data, "more_body": False})

    async def _sending(self, message: Message) -> None:
        """Send, and note since when the client has not taken it."""
        self.record.sending_since_ns = now_ns()
        await self._send(message)
        self.record.sending_since_ns = None

    def _own(self) -> list[tuple[bytes, bytes]]:
        return [(b"x-request-id", self.record.id.encode())]

    async def _cancelled(self) -> None:
        if self.record.reason is None:  # the server's own end, not ours
            self.record.reason = "stopping"
        if self.record.sending_since_ns is not None:  # whoever takes nothing takes no error either
            self._abort()
        elif self.record.reason == "stopping":
            await self._tell(_STOPPING)

    def _abort(self) -> None:
        """Give up the connection, if the server can, with all that the client did not take."""
        if abort := self._scope.get("state", {}).get("abort"):
            abort()

    async def _fail(self, error: Exception) -> None:
        problem = problem_of(error)
        self.record.problem = problem
        if problem.code == "unforeseen":
            self.gateway.unforeseen(error)
        await self._tell(problem)

    async def _tell(self, problem: Problem) -> None:
        """An error object with its status; after the first byte, an error event."""
        if self._over:
            return
        with suppress(asyncio.CancelledError):  # it ends here, told or not
            await self._told(problem)

    async def _told(self, problem: Problem) -> None:
        if self._failed is not None:
            await self.end(self._failed(problem))
        elif self.record.status is None:
            self.record.status, self._over = problem.status, True
            await respond_problem(self._sending, problem, self._own())


Work = Callable[[Exchange, bytes], Awaitable[None]]
