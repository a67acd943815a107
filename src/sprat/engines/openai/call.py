"""An answer on its way: every wait bounded, and the connection closed for certain."""

import asyncio
from contextlib import suppress

import aiohttp

from sprat.engines.openai.faults import Faults
from sprat.engines.openai.limits import Limits
from sprat.errors import EngineError, EngineRefused

LOST = (aiohttp.ClientError, ConnectionError)
"""What a connection that goes away, or does not speak HTTP, raises."""
COUNT_S = 1.0
"""How long an answer that has its finish reason waits for what may follow (its usage)."""
END_S = 0.02
"""How long it waits for the empty end of the body, after which the connection can be reused."""


class Call:
    """An answer that has begun to arrive.

    One timer watches over the whole of it: a timer for each piece would cost more than the piece.
    """

    def __init__(
        self, response: aiohttp.ClientResponse, first: bytes, limits: Limits, faults: Faults
    ) -> None:
        self._response = response
        self._content = response.content
        self._limits = limits
        self._faults = faults
        self._first = first
        self._bytes = 0
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time() + limits.total_s
        self._waits_since: float | None = None
        self._whole = False
        self._timer = self._loop.call_at(self._due(), self._look)

    @property
    def content_type(self) -> str:
        """What the server calls the body."""
        return self._response.content_type

    async def read(self) -> bytes:
        """The next bytes, all that are there; empty at the end.

        Raises:
            EngineTimeout: none came in time.
            EngineDied: the connection broke.
            EngineRefused: the answer is larger than the limit.
        """
        chunk, self._first = self._first, b""
        try:
            if not chunk and not (chunk := self._content.read_nowait()):
                self._begin_to_wait()
                chunk = await self._content.readany()
        except (TimeoutError, *LOST) as error:
            if self._whole:
                return b""
            raise self._fault(error) from error
        finally:
            self._waits_since = None
        self._bytes += len(chunk)
        if self._bytes > self._limits.answer_bytes:
            raise EngineRefused(f"The answer is over {self._limits.answer_bytes} bytes.")
        return chunk

    async def read_all(self) -> bytes:
        """The whole body. Raises as `read` does."""
        parts = [await self.read()]
        while parts[-1]:
            parts.append(await self.read())
        return b"".join(parts)

    def _begin_to_wait(self) -> None:
        self._waits_since = self._loop.time()
        if self._waits_since >= self._ends_at:
            raise TimeoutError

    def _due(self) -> float:
        since = self._loop.time() if self._waits_since is None else self._waits_since
        return min(self._ends_at, since + self._limits.silence_s)

    def _look(self) -> None:
        """Wake the reader when it has waited too long; else look again when it may have."""
        due, now = self._due(), self._loop.time()
        if due > now:
            self._timer = self._loop.call_at(due, self._look)
        elif self._waits_since is not None:
            self._content.set_exception(TimeoutError())

    def _fault(self, error: BaseException) -> EngineError:
        if not isinstance(error, TimeoutError):
            return self._faults.died("broke off in the middle of the answer", error)
        if self._loop.time() >= self._ends_at:
            return self._faults.timed_out("in all", self._limits.total_s)
        return self._faults.timed_out("after the last piece", self._limits.silence_s)

    def is_whole(self) -> None:
        """The answer is complete: what may still come (its usage) is waited for a moment only."""
        if not self._whole:
            self._whole = True
            self._ends_at = min(self._ends_at, self._loop.time() + COUNT_S)
            self._timer.cancel()
            self._timer = self._loop.call_at(self._ends_at, self._look)

    def censored(self, error: EngineRefused) -> EngineRefused:
        """The same error without our key, should the server have echoed it."""
        return self._faults.censored(error)

    async def finish(self) -> None:
        """Nothing more is wanted: read the empty end, so that the connection can be reused."""
        self._timer.cancel()
        if self._content.is_eof():
            return
        with suppress(TimeoutError, *LOST):
            async with asyncio.timeout(END_S):
                while await self._content.readany():
                    pass

    def close(self) -> None:
        """Give the connection back if the answer was read to its end; else cut it."""
        self._timer.cancel()
        let_go(self._response)


def let_go(response: aiohttp.ClientResponse | None) -> None:
    """Give a connection back if its body was read to the end; else cut it."""
    if response is None:
        return
    if response.content.at_eof() and response.content.exception() is None:
        response.release()
    else:
        response.close()
