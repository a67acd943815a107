"""Runs the gateway: binds its port, serves, drains at the end."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from sprat.serve.app import build_app
from sprat.serve.gateway import Gateway
from sprat.serve.observe.log import LOG
from sprat.serve.observe.trace import open_traces
from sprat.serve.protocol import BoundedProtocol
from sprat.settings import Settings


class _Server(uvicorn.Server):
    """Leaves the signals to us: the first drains, the second stops at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Nothing: `Running` listens for them."""
        yield


class Running:
    """A gateway that serves until it is told to stop."""

    def __init__(self, settings: Settings, bound: socket.socket) -> None:
        """Take a bound socket.

        Raises:
            SpratError: the settings do not make sense.
        """
        self.gateway = Gateway(settings)
        self._bound = bound
        self._traces = open_traces(settings.serve.traces)
        if self._traces is not None:
            self.gateway.ledger.listeners.append(self._traces.heard)
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()
        config = uvicorn.Config(
            self.gateway.metrics.counting(build_app(self.gateway, bound.getsockname()[:2])),
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            limit_concurrency=settings.serve.connections,
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config)
        self.gateway.connections = lambda: len(self._server.server_state.connections)

    def stop(self) -> None:
        """Drain, then end; called again: end at once."""
        (self._at_once if self._stop.is_set() else self._stop).set()

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop`; `ready` is called once connections are taken."""
        serving = asyncio.create_task(self._server.serve(sockets=[self._bound]))
        serving.add_done_callback(lambda _: self._server.listening.set())  # or it never will
        tidying = asyncio.create_task(self.gateway.keep_tidy())
        loading = asyncio.create_task(self._load())
        try:
            await self._server.listening.wait()
            if not serving.done():
                ready()
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            await self._drain()
        finally:
            loading.cancel()
            tidying.cancel()
            self._server.should_exit = True
            await asyncio.gather(serving, tidying, loading, return_exceptions=True)
            await self.gateway.aclose()
            if self._traces is not None:
                await self._traces.aclose()
            LOG.info("stopped")
        await serving  # raises what ended it, if it was not told to end

    def _say_stopping(self) -> None:
        count, longest_s = len(self.gateway.ledger.open), self.gateway.settings.drain_s
        under_way = f"{count} answer{'s' * (count != 1)} under way"
        rest = f", at most {longest_s:g} s; Ctrl-C again stops at once" if count else ""
        LOG.info("Stopping: %s%s", under_way, rest)

    async def _drain(self) -> None:
        self._say_stopping()
        draining = asyncio.create_task(self.gateway.drain(self.gateway.settings.drain_s))
        hurry = asyncio.create_task(self._at_once.wait())
        await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not draining.done():
            draining.cancel()
            await self.gateway.drain(0)

    async def _load(self) -> None:
        """Load what `[serve] load` names, one after the other."""
        awaited = self.gateway.awaited
        for served in self.gateway.to_load:
            try:
                await self.gateway.pool_of(served).load(served)
                awaited.pop(served.name, None)
            except Exception:  # noqa: BLE001 - the pool has said it; the others are loaded all the same
                awaited[served.name] = "could not be loaded: see the log"


def listen_to_signals(running: Running) -> None:
    """Ctrl-C and termination stop the gateway."""
    loop = asyncio.get_running_loop()

    def heard(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(running.stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, heard)
