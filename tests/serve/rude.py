"""A client that goes away whenever it likes: a bare socket, for no library leaves so rudely."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.serve.running import At


def asking(at: At, content: str, model: str, **fields: Any) -> bytes:
    """A chat request's bytes."""
    messages = [{"role": "user", "content": content}]
    body = json.dumps({"model": model, "messages": messages, **fields}).encode()
    host = urlsplit(at.url).netloc
    return (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@asynccontextmanager
async def connected(at: At) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that is reset at the end of the block."""
    parts = urlsplit(at.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def abort(at: At, request: bytes, chance: random.Random, kind: str) -> None:
    """Go away: while still asking, at once, after a while, or with half of the answer."""
    async with connected(at) as (reader, writer):
        if kind == "asking":
            writer.write(request[: chance.randrange(len(request))])
        else:
            writer.write(request)
        await writer.drain()
        if kind == "waiting":
            await asyncio.sleep(chance.random() * 0.03)
        if kind == "reading":
            await asyncio.wait_for(reader.readuntil(b"data: "), 20)
            await asyncio.sleep(chance.random() * 0.02)
        if chance.random() < 0.5:  # politely, with a FIN; else the block's end resets it
            writer.close()
            await asyncio.sleep(0)


def events(text: str) -> list[Any]:
    """The JSON of a stream's events."""
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in lines]


def said(text: str) -> str:
    """A stream's text."""
    choices = [choice for event in events(text) for choice in event.get("choices", [])]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


async def until(holds: Callable[[], bool], longest_s: float = 5) -> None:
    """Wait for something that has no event of its own."""
    async with asyncio.timeout(longest_s):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
