"""The other sides of benchmarks/gateway.py: a stub upstream, and two gateways to compare with."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

FIXED, BUSY = "fixed-2", "fixed-10"
"""Models of the stub: a whole answer after so many milliseconds."""
RATE, STREAMS, AT_ONCE = 50, 100, 64
BLOCK = 40
TEXT = "The quick brown fox jumps over the lazy dog."

# ---- the upstream: no framework, nothing of Sprat in it -----------------------------------------

ANSWER = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "stub",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": TEXT},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15},
    }
).encode()
WHOLE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
    + ANSWER
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
MODEL = re.compile(rb'"model":\s*"(fixed|paced)-(\d+)"')
STREAM = re.compile(rb'"stream":\s*true')


def event(delta: dict[str, str] | None, finish: str | None = None, **more: Any) -> bytes:
    """One chunk of a stream, framed."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "stub"}
    return framed(json.dumps({**head, "choices": choices, **more}))


def framed(text: str) -> bytes:
    data = f"data: {text}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


COUNTED = {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15}
CLOSING = event({}, "stop") + event(None, usage=COUNTED) + framed("[DONE]") + b"0\r\n\r\n"
STREAMED = HEAD + event({"role": "assistant", "content": TEXT}) + CLOSING


def token(place: int) -> str:
    """No two of a stream are alike: a lost or doubled one shows."""
    return f" w{place}é"


class Upstream(asyncio.Protocol):
    """Answers `fixed-MS` whole after so long, `paced-N` with N tokens at a steady rate."""

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self.transport = transport
        self.raw = b""
        self.wanted = 0

    def data_received(self, data: bytes) -> None:
        """Gather a request."""
        self.raw += data
        if not self.wanted:
            end = self.raw.find(b"\r\n\r\n")
            if end < 0:
                return
            found = re.search(rb"(?i)content-length:\s*(\d+)", self.raw[:end])
            self.wanted = end + 4 + (int(found[1]) if found else 0)
        if len(self.raw) >= self.wanted:
            raw, self.raw, self.wanted = self.raw, b"", 0
            self.answer(raw)

    def answer(self, raw: bytes) -> None:
        """Answer it, later."""
        loop = asyncio.get_running_loop()
        found = MODEL.search(raw)
        kind, number = (found[1], int(found[2])) if found else (b"fixed", 0)
        if kind == b"fixed":
            data = STREAMED if STREAM.search(raw) else WHOLE
            loop.call_later(number / 1000, self.transport.write, data)
            return
        self.transport.write(HEAD + event({"role": "assistant", "content": ""}))
        self.next(loop, loop.time(), 1, number)

    def next(self, loop: asyncio.AbstractEventLoop, begun: float, place: int, last: int) -> None:
        """Send a token, and see to the next."""
        if self.transport.is_closing():
            return
        if place > last:
            self.transport.write(CLOSING)
            return
        self.transport.write(event({"content": token(place)}))
        loop.call_at(begun + place / RATE, self.next, loop, begun, place + 1, last)


async def upstream() -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# ---- the least that the same libraries can do ---------------------------------------------------


def bare(port: int, stub: int) -> None:
    """Uvicorn in front, aiohttp behind, bytes passed on unread: what of the time is not Sprat's."""
    import aiohttp
    import uvicorn

    sessions: list[aiohttp.ClientSession] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if not sessions:
            sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        message = await receive()
        body = message["body"]
        while message["more_body"]:
            message = await receive()
            body += message["body"]
        url = f"http://127.0.0.1:{stub}{scope['path']}"
        async with sessions[0].post(url, data=body) as answer:
            kind = answer.headers["Content-Type"].encode()
            headers = [(b"content-type", kind)]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            async for data in answer.content.iter_any():
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


# ---- the naive gateway --------------------------------------------------------------------------


def naive(port: int, stub: int) -> None:
    """What one writes on an afternoon: Starlette in front, `openai`'s client behind."""
    import uvicorn
    from openai import AsyncOpenAI
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route

    client = AsyncOpenAI(base_url=f"http://127.0.0.1:{stub}/v1", api_key="none", max_retries=0)

    async def events(answer: Any) -> AsyncIterator[str]:
        async for chunk in answer:
            yield f"data: {chunk.model_dump_json(exclude_unset=True)}\n\n"
        yield "data: [DONE]\n\n"

    async def chat(request: Request) -> Response:
        body = await request.json()
        answer: Any = await client.chat.completions.create(**body)
        if body.get("stream"):
            return StreamingResponse(events(answer), media_type="text/event-stream")
        return JSONResponse(answer.model_dump())

    routes = [Route("/v1/chat/completions", chat, methods=["POST"])]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="warning")
