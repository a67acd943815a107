"""HTTP on the wire, with bounds that uvicorn leaves to others.

What can be told from a request's bytes alone is refused here, before there is a request to judge:
a head that is too large or comes too slowly, a target that is no path, broken framing. The rest is
the guard's (`sprat.serve.guard`).
"""

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from sprat.serve.asgi import Receive, Scope, Send, respond_problem
from sprat.serve.guard.raw import answer_of
from sprat.serve.guard.target import MOST_BYTES as MOST_TARGET_BYTES
from sprat.serve.guard.target import check_target
from sprat.serve.problem import BadRequest, Busy, problem_of

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

MOST_HEAD_BYTES = 32 * 1024
MOST_HEADERS = 100
PATIENCE_S = 10.0
"""For a whole head, and for the rest of a body that nobody waits for any more."""
LINGER_S = 30.0
"""For taking some more of an answer, once it is written and the connection is to end."""
_FRAMING = 8
"""Bytes around each byte of a body (chunk sizes and line ends) that an honest client needs."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools: one request at a time, each within bounds."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._refusal: BadRequest | None = None
        """Why the bytes that are being read cannot be taken."""
        self._deadline: asyncio.TimerHandle | None = None
        """When the client must have sent what it owes."""
        self._in_head = True
        self._deaf = False
        """Nothing more is read into requests: the connection ends with the answer under way."""
        self._unread_bytes = 0
        """Received for this request and not accounted for: of its head, or around its body."""
        self._header_bytes = 0
        self._most_connections = self.limit_concurrency
        self.limit_concurrency = None  # it is minded below

    # From the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there: it owes a head. Twice as many as may ask are not even heard."""
        super().connection_made(transport)
        self._await_client()
        if self._crowd > 2:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a piece; what cannot be taken is refused."""
        self._unset_keepalive_if_required()
        if self._deaf:
            return
        self._unread_bytes += len(data)
        try:
            cast("httptools.HttpRequestParser", self.parser).feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end_after_this()
        except httptools.HttpParserError:
            if not self._deaf:
                self._refuse(self._refusal or BadRequest("This is no HTTP.", code="invalid_http"))
            return
        if self._unread_bytes > MOST_HEAD_BYTES:
            self._refuse(_head_too_large())
        elif self._deadline is None and not self._underway and not self.transport.is_closing():
            self._await_client()

    # From the parser.

    def on_message_begin(self) -> None:
        """A request begins.

        While another is answered, none is taken: behind it the client could go away unseen.
        """
        if self._underway:
            self._end_after_this()
            raise BadRequest("One request at a time.")
        self._header_bytes = 0
        super().on_message_begin()
        self.scope["state"] = {"abort": self.abort}

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        super().on_url(url)
        if len(self.url) > MOST_TARGET_BYTES:
            line = f"The request target is over {MOST_TARGET_BYTES} bytes."
            self._stop_reading(BadRequest(line, status=414, code="target_too_long"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header. Those after a body (trailers) are not read: they came after the checks."""
        self._header_bytes += len(name) + len(value) + 4
        if self._header_bytes > MOST_HEAD_BYTES or len(self.headers) >= MOST_HEADERS:
            self._stop_reading(_head_too_large())
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        try:
            check_target(self.url)
        except BadRequest as refusal:
            self._stop_reading(refusal)
        self._rest()
        self._in_head, self._unread_bytes = False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._unread_bytes = max(0, self._unread_bytes - _FRAMING * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there as a whole."""
        self._rest()
        self._in_head, self._unread_bytes = True, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent; where the connection ends with it, it must be taken."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._linger()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked."""
        super().timeout_keep_alive_handler()
        self._linger()

    # What follows from it.

    def abort(self) -> None:
        """Give the connection up at once, with whatever the client has not taken."""
        if underway := self._underway:
            underway.disconnected = True
        self.transport.abort()

    @property
    def _underway(self) -> RequestResponseCycle | None:
        """The request that is being answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first one
        return None if cycle is None or cycle.response_complete else cycle

    @property
    def _crowd(self) -> float:
        """How many connections there are, as a share of those that may be."""
        return len(self.connections) / (self._most_connections or float("inf"))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        super()._start_asgi_task(cycle, _CROWDED if self._crowd > 1 else app)

    def _stop_reading(self, refusal: BadRequest) -> NoReturn:
        """Leave the parser; `data_received` goes on."""
        self._refusal = refusal
        raise refusal

    def _refuse(self, refusal: BadRequest) -> None:
        """Answer what is no request, and read on for a while, so that the answer arrives."""
        underway = self._underway
        if underway and underway.response_started:  # another answer cannot begin within it
            self.abort()
            return
        if underway:
            underway.disconnected = True
            underway.message_event.set()
        self._deaf = True
        self.transport.write(answer_of(refusal))
        self.transport.write_eof()
        self._rest()
        self._await_client()

    def _end_after_this(self) -> None:
        """Read no further request; the one under way is answered."""
        self._deaf = True
        self.cycle.keep_alive = False

    def _await_client(self) -> None:
        self._deadline = self.loop.call_later(PATIENCE_S, self._expired)

    def _linger(self, before_bytes: float = float("inf")) -> None:
        """After a close: give up a client that takes nothing more of its answer."""
        left_bytes = self.transport.get_write_buffer_size()
        if left_bytes >= before_bytes:
            self.abort()
        else:
            self._deadline = self.loop.call_later(LINGER_S, self._linger, left_bytes)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self) -> None:
        self._deadline = None
        if self._in_head and self._unread_bytes and not self._deaf:
            line = f"The head took more than {PATIENCE_S:g} s to arrive."
            self._refuse(BadRequest(line, status=408, code="request_timeout"))
        else:
            self.abort()


def _head_too_large() -> BadRequest:
    line = f"The headers are over {MOST_HEAD_BYTES} bytes, or more than {MOST_HEADERS}."
    return BadRequest(line, status=431, code="headers_too_large")


async def _crowded(_scope: Scope, _receive: Receive, send: Send) -> None:
    busy = Busy("There are too many connections.", status=503, retry_after_s=1)
    await respond_problem(send, problem_of(busy), [(b"connection", b"close")])


_CROWDED = cast("ASGI3Application", _crowded)
