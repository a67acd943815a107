"""A worker that is there when it is needed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from sprat.engines.line import waited, waits
from sprat.engines.worker.process import WorkerProcess
from sprat.engines.worker.wire import Ready
from sprat.measure.clock import now_ns

P = TypeVar("P", bound=WorkerProcess[Any])


class Keeper(Generic[P]):
    """Starts a worker when it is first needed, and again after it died."""

    def __init__(self, start: Callable[[], Awaitable[P]]) -> None:
        self._start = start
        self._process: P | None = None
        self._starting = Lock()
        self.load_s: float | None = None
        """Seconds from the start of the worker in use to "ready"; None before the first."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker, while there is one."""
        return () if self._process is None else (self._process.pid,)

    async def ready(self) -> tuple[P, Ready]:
        """A loaded worker, and what it said when it was.

        Raises:
            SpratError: the model cannot be loaded.
        """
        if self._process is not None and self._process.alive and not self._starting.held().locked():
            return self._process, await self._process.ready()
        waits()
        process, ready = await self._started()
        waited(ready.at_ns)
        return process, ready

    async def _started(self) -> tuple[P, Ready]:
        async with self._starting.held():
            if self._process is not None and self._process.alive:
                return self._process, await self._process.ready()
            await self.stop()  # one that died, or belongs to an event loop that has ended
            before = now_ns()
            self._process = process = await self._start()
            try:
                ready = await process.ready()
            except BaseException:
                await self.stop()
                raise
            self.load_s = (ready.at_ns - before) / 1e9
            return process, ready

    async def stop(self) -> None:
        """End the worker. Safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            await process.stop()


class Lock:
    """An asyncio lock that works in whichever event loop uses it next."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    def held(self) -> asyncio.Lock:
        """The lock of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock


def physical_cores() -> int:
    """How many threads compute unless told: hyper-threads share what a matrix product needs."""
    import psutil

    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
