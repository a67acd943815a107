"""Bytes to a gateway and what comes back, without a client that would tidy them up."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.serve.running import At

HOST = b"Host: 127.0.0.1:PORT\r\n"
POST = b"POST /v1/chat/completions HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
"""Beginnings and ends of requests, for `say`."""


@dataclass
class Answer:
    """What a connection gave; status 0: it was closed without an answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def error(self) -> dict[str, Any]:
        return json.loads(self.body)["error"]


def port_of(at: At) -> int:
    return int(at.url.rpartition(":")[2])


async def connect(at: At) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port_of(at))


async def say(at: At, *pieces: bytes, gap_s: float = 0.0, longest_s: float = 20.0) -> Answer:
    """Send the pieces (`PORT` becomes the gateway's), read one answer."""
    reader, writer = await connect(at)
    try:
        async with asyncio.timeout(longest_s):
            for piece in pieces:
                writer.write(piece.replace(b"PORT", str(port_of(at)).encode()))
                await writer.drain()
                await asyncio.sleep(gap_s)
            return await read_answer(reader, bodiless=pieces[0].startswith(b"HEAD "))
    except ConnectionError:
        return Answer(0)
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader, *, bodiless: bool = False) -> Answer:
    """The next answer of a connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return Answer(0)
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in pairs}
    body = b"" if bodiless else await _body(reader, headers)
    return Answer(int(first.split()[1]), headers, body)


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    parts: list[bytes] = []
    while headers.get("transfer-encoding") == "chunked":
        size = int(await reader.readline(), 16)
        parts.append((await reader.readexactly(size + 2))[:-2])
        if size == 0:
            break
    return b"".join(parts)


def request(
    method: str = "GET",
    path: str = "/healthz",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    host: str | None = "127.0.0.1:PORT",
) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [] if host is None else [f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def posted(body: bytes, path: str = "/v1/chat/completions", **headers: str) -> bytes:
    """The bytes of a POST of JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request("POST", path, {"Content-Type": "application/json", **named}, body)


def chat_body(content: str = "Hello", **fields: Any) -> bytes:
    messages = [{"role": "user", "content": content}]
    return json.dumps({"model": "echo", "messages": messages, **fields}).encode()


async def still_answers(at: At) -> bool:
    """Whether a good request is answered now."""
    answer = await say(at, posted(chat_body()))
    return answer.status == 200 and b"Hello there" in answer.body
