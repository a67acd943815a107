"""A gateway in a thread of its own, for clients that block."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.serve.running import At, gateway

from sprat.settings import Settings


@contextmanager
def beside(settings: Settings) -> Iterator[At]:
    """A gateway that runs while the block, in this thread, does as it likes."""
    loop, started = asyncio.new_event_loop(), threading.Event()
    found: list[At] = []
    stop = asyncio.Event()

    async def run() -> None:
        async with gateway(settings) as at:
            found.append(at)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert started.wait(30)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
