"""`sprat serve` as a process of its own, for the tests that start, signal and kill it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what another process, or another task, brings about."""
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.02)


SLOW = """
[[rule]]
text = "{words}"
gap_ms = 50
"""


def slow_model(folder: Path, words: int) -> str:
    """An option for `sprat serve`: the model `slow`, 50 ms a word."""
    file = folder / "slow.toml"
    file.write_text(SLOW.format(words=" ".join(["word"] * words)), "utf-8")
    return f"--model=slow=scripted:{file}"


@dataclass
class Process:
    """A gateway that runs somewhere else, and a client that asks it."""

    url: str
    process: asyncio.subprocess.Process
    client: aiohttp.ClientSession
    errors: Path

    async def stream(self, model: str = "slow", **fields: object) -> aiohttp.ClientResponse:
        messages = [{"role": "user", "content": "Hello"}]
        body = {"model": model, "messages": messages, "stream": True, **fields}
        return await self.client.post(f"{self.url}/v1/chat/completions", json=body)

    async def get(self, path: str) -> int:
        async with self.client.get(f"{self.url}{path}") as response:
            return response.status

    async def ended(self, within_s: float = 60.0) -> int:
        return await asyncio.wait_for(self.process.wait(), within_s)

    @property
    def log(self) -> str:
        return self.errors.read_text("utf-8")


@asynccontextmanager
async def serve_process(
    folder: Path, *options: str, environ: dict[str, str] | None = None
) -> AsyncIterator[Process]:
    """`sprat serve` on a free port, until the block ends."""
    errors = folder / "stderr.txt"
    with errors.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sprat", "serve", "--port", "0", *options,
            cwd=folder, env={**os.environ, **(environ or {})},
            stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 90)).decode()
        assert "http://" in line, errors.read_text("utf-8")
        url = line.split()[-1].removesuffix("/v1")
        async with aiohttp.ClientSession() as client:
            yield Process(url, process, client, errors)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
