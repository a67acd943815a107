"""An endpoint that knows how many answers it is giving: raw asyncio, no framework."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.engines.stub_server import DONE, END, head, piece, usage

_ASKED = re.compile(rb"(?P<number>\d+) tokens? of (?P<name>\w+)")


def text_of(name: str, count: int) -> str:
    """What it says to "`count` tokens of `name`"."""
    return "".join(f" {name}{number}é" for number in range(count))


class Upstream:
    """What it does now, and has done."""

    def __init__(self, first_s: float, gap_s: float) -> None:
        self.first_s, self.gap_s = first_s, gap_s
        self.url = ""
        self.asked = self.given = self.dropped = 0

    @property
    def live(self) -> int:
        """Answers that somebody pays for and nobody may want."""
        return self.asked - self.given - self.dropped


class _Connection(asyncio.Protocol):
    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.raw = b""
        self.answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answering is not None:
            self.answering.cancel()

    def data_received(self, data: bytes) -> None:
        self.raw += data
        end = self.raw.find(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", self.raw[: max(end, 0)])
        if end < 0 or len(self.raw) < end + 4 + (int(length[1]) if length else 0):
            return
        body, self.raw = self.raw[end + 4 :], b""
        self.upstream.asked += 1
        self.answering = asyncio.get_running_loop().create_task(self.answer(body))

    async def answer(self, body: bytes) -> None:
        up = self.upstream
        try:
            said = json.loads(body)["messages"][-1]["content"]
            found = _ASKED.search(said.encode())
            assert found
            count, name = int(found["number"]), found["name"].decode()
            await asyncio.sleep(up.first_s)
            self.transport.write(head() + piece("", role="assistant"))
            for number in range(count):
                self.transport.write(piece(f" {name}{number}é"))
                await asyncio.sleep(up.gap_s)
            self.transport.write(piece(finish="stop") + usage(3, count) + DONE + END)
        except asyncio.CancelledError:
            up.dropped += 1
            raise
        self.answering = None
        up.given += 1


@asynccontextmanager
async def upstream(first_s: float = 0.02, gap_s: float = 0.005) -> AsyncIterator[Upstream]:
    """One on a free port."""
    made = Upstream(first_s, gap_s)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(made), "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield made
    finally:
        server.close()
