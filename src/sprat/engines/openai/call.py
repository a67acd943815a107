"""An answer on its way: every wait bounded, and the connection closed for certain."""

import asyncio
from contextlib import suppress

import aiohttp

from sprat.engines.openai.faults import Faults
from sprat.engines.openai.limits import Limits
from sprat.errors import EngineRefused

LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError)
"""What a connection that goes away raises."""


class Call:
    """An answer that has begun to arrive."""

    def __init__(
        self, response: aiohttp.ClientResponse, first: bytes, limits: Limits, faults: Faults
    ) -> None:
        self._response = response
        self._limits = limits
        self._faults = faults
        self._first: bytes | None = first
        self._ends_at = asyncio.get_running_loop().time() + limits.total_s
        self._bytes = 0

    @property
    def content_type(self) -> str:
        """What the server calls the body."""
        return self._response.content_type

    async def read(self) -> bytes:
        """The next bytes; empty at the end.

        Raises:
            EngineTimeout: none came in time.
            EngineDied: the connection broke.
            EngineRefused: the answer is larger than the limit.
        """
        if self._first is not None:
            chunk, self._first = self._first, None
        else:
            chunk = await self._next()
        self._bytes += len(chunk)
        if self._bytes > self._limits.answer_bytes:
            raise EngineRefused(f"The answer is over {self._limits.answer_bytes} bytes.")
        return chunk

    async def _next(self) -> bytes:
        left = self._ends_at - asyncio.get_running_loop().time()
        limit = min(self._limits.silence_s, left)
        try:
            async with asyncio.timeout(limit):
                return await self._response.content.readany()
        except TimeoutError as error:
            what = "in all" if left <= self._limits.silence_s else "after the last piece"
            seconds = self._limits.total_s if "all" in what else limit
            raise self._faults.timed_out(what, seconds) from error
        except LOST as error:
            raise self._faults.died("broke off in the middle of the answer", error) from error

    def censored(self, error: EngineRefused) -> EngineRefused:
        """The same error without our key, should the server have echoed it."""
        return EngineRefused(self._faults.hide(error.message), status=error.status, fix=error.fix)

    async def finish(self) -> None:
        """Read the empty end, so that the connection can carry the next request."""
        with suppress(TimeoutError, *LOST):
            async with asyncio.timeout(0.05):
                while await self._response.content.readany():
                    pass

    def close(self) -> None:
        """Give the connection back if the answer was read to its end; else cut it."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()
