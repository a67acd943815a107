"""The streams are the golden ones, byte for byte."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import openai
import pytest
from aiohttp import web
from tests.serve.running import At, gateway, serving
from tests.serve.sse import events
from tests.serve.tools import WEATHER
from tests.serve.transcripts import CASES, GOLDEN, normalised, record


@pytest.fixture
async def scripted(tmp_path: Path) -> AsyncIterator[At]:
    async with gateway(serving(tmp_path, {"calls": WEATHER})) as here:
        yield here


@pytest.mark.parametrize("name", CASES)
async def test_the_stream_is_the_golden_one(scripted: At, name: str):
    assert (await record(scripted, name)).encode() == (GOLDEN / f"{name}.sse").read_bytes()


def test_every_golden_stream_has_its_case():
    assert {file.stem for file in GOLDEN.glob("*.sse")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_golden_stream_is_well_formed_and_ends_as_its_api_ends(name: str):
    stream = (GOLDEN / f"{name}.sse").read_text("utf-8")
    assert stream.endswith("\n\n")
    last = events(stream)[-1]
    if "error" in name:
        assert last["error"]["code"] == "engine_died"
        assert "[DONE]" not in stream
    elif name.startswith("responses"):
        assert last["type"] in {"response.completed", "response.incomplete", "response.failed"}
        assert "[DONE]" not in stream
    else:
        assert stream.endswith("data: [DONE]\n\n")


def test_only_what_is_volatile_is_replaced():
    said = {"id": "chatcmpl-" + "0a" * 12, "created": 5, "content": "5 created, total_s 3"}
    stream = json.dumps(said, separators=(",", ":"))
    assert json.loads(normalised(stream)) == said | {"id": "chatcmpl-ID", "created": 1700000000}


@pytest.mark.parametrize("name", [name for name in CASES if "error" not in name])
async def test_the_official_client_reads_the_golden_stream(name: str):
    """Served by a server that knows nothing else: the file is all that the client sees."""
    stream = (GOLDEN / f"{name}.sse").read_bytes()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=stream, headers={"content-type": "text/event-stream"})

    app = web.Application()
    app.router.add_post("/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with openai.AsyncOpenAI(base_url=f"http://{host}:{port}", api_key="none") as client:
            assert await _read(client, name) == len(events(stream.decode()))
    finally:
        await runner.cleanup()


async def _read(client: openai.AsyncOpenAI, name: str) -> int:
    path, body = CASES[name]
    asked = {
        "/v1/chat/completions": client.chat.completions.create,
        "/v1/completions": client.completions.create,
        "/v1/responses": client.responses.create,
    }
    return len([piece async for piece in await asked[path](**body)])
