"""A server with known delays and known faults, on a socket of its own: no framework in between.

A script is a list of steps: bytes to write, seconds to wait, or `CUT` to drop the connection
(`ABORT` to reset it).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

CUT = "cut"
ABORT = "abort"
Step = bytes | float | str


@dataclass
class Stub:
    """What was asked, and what will be answered: one script per request, the last one again."""

    url: str = ""
    scripts: list[Sequence[Step]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0

    def answers(self, *scripts: Sequence[Step]) -> None:
        self.scripts = list(scripts)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._request(reader):
                if not await self._answer(reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.dropped.set()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _request(self, reader: asyncio.StreamReader) -> bool:
        line = await reader.readline()
        if not line:
            return False
        headers: dict[str, str] = {}
        while (header := await reader.readline()).strip():
            name, _, value = header.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        self.paths.append(line.decode().split()[1])
        self.headers.append(headers)
        self.requests.append(json.loads(raw) if raw else {})
        self.asked.set()
        return True

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        for step in script:
            if step in {CUT, ABORT}:
                if step == ABORT:
                    writer.transport.abort()
                return False
            if isinstance(step, float):
                await self._wait(step, reader)
            else:
                assert isinstance(step, bytes)
                writer.write(step)
                await writer.drain()
        return True

    async def _wait(self, seconds: float, reader: asyncio.StreamReader) -> None:
        """Wait, but notice a client that hangs up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if await reader.read(1) == b"":
                    raise ConnectionResetError


@asynccontextmanager
async def stub_server() -> AsyncIterator[Stub]:
    """A stub on a free port of this machine."""
    stub = Stub()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield stub
    finally:
        server.close()


def head(
    status: str = "200 OK",
    content_type: str = "text/event-stream",
    *,
    length: int | None = None,
    extra: str = "",
) -> bytes:
    """The head of an answer; without a length its body is chunked."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{size}\r\n{extra}\r\n".encode()


def part(data: bytes) -> bytes:
    """One HTTP chunk."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


END = b"0\r\n\r\n"


def event(payload: object) -> bytes:
    """One server-sent event in an HTTP chunk."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return part(f"data: {text}\n\n".encode())


def piece(content: str | None = None, finish: str | None = None, **delta: Any) -> bytes:
    """One chat completion chunk."""
    if content is not None:
        delta["content"] = content
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


DONE = event("[DONE]")


def stream(*parts: Step) -> list[Step]:
    """A whole healthy stream around these parts."""
    return [head(), *parts, piece(finish="stop"), DONE, END]


def usage(prompt: int, completion: int, **more: Any) -> bytes:
    """The chunk that counts: no choices in it."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, **more}
    return event({"choices": [], "usage": counts})


def failure(status: str, payload: object, extra: str = "") -> list[Step]:
    """A whole answer that says no."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    kind = "text/plain" if isinstance(payload, str) else "application/json"
    return [head(status, kind, length=len(text.encode()), extra=extra), text.encode()]
