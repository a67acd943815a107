"""An endpoint cannot send the gateway elsewhere: no redirect is followed, whatever it says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.serve.raw import chat_body, posted, say, still_answers
from tests.serve.running import gateway, serving


class Heard:
    """A server that says one thing, and counts who came."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.count = 0
        self.url = ""

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def hearing(answer: bytes) -> AsyncIterator[Heard]:
    heard = Heard(answer)
    server = await asyncio.start_server(heard.hear, "127.0.0.1", 0)
    heard.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield heard


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_redirect_is_an_error_and_its_target_hears_nothing(
    tmp_path, status: int, stream: bool
):
    async with hearing(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as target:
        moved = f"HTTP/1.1 {status} Moved\r\nLocation: {target.url}/v1\r\nContent-Length: 0\r\n\r\n"
        async with hearing(moved.encode()) as far:
            settings = serving(tmp_path, endpoints={"far": f"{far.url}/v1"})
            async with gateway(settings) as at:
                for path in ("/v1/chat/completions", "/v1/completions"):
                    body = chat_body(model="far/big", stream=stream)
                    if path == "/v1/completions":
                        body = b'{"model": "far/big", "prompt": "Hello"}'
                    answer = await say(at, posted(body, path))
                    assert answer.status == 502
                assert far.count >= 2
                assert target.count == 0
                assert await still_answers(at)
