"""A gateway in a thread or a process of its own, for clients that block."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from tests.serve.running import ECHO, At, gateway

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


@contextmanager
def process(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`sprat serve` with the model `echo`, as a process of its own: its address, and itself."""
    (folder / "echo.toml").write_text(ECHO, "utf-8")
    options = ["--port", "0", "--no-pull", "--model", "echo=scripted:echo.toml"]
    with subprocess.Popen(
        [sys.executable, "-m", "sprat", "serve", *options],
        cwd=folder,
        env=os.environ | {"SPRAT_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as started:
        try:
            greeting = started.stdout.readline()  # pyright: ignore[reportOptionalMemberAccess]
            yield greeting.split()[-1].removesuffix("/v1"), psutil.Process(started.pid)
        finally:
            started.terminate()
            started.communicate(timeout=30)
