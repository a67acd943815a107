"""A server that dies: after every piece, inside every piece, in every form of an answer.

Each ends in a reply that is whole, in another attempt before the first byte, or in one error.
"""

import asyncio
import json

import pytest
from tests.engines.endpoint import endpoint_engine, hello
from tests.engines.stub_server import (
    ABORT,
    CUT,
    DONE,
    END,
    Stub,
    event,
    head,
    piece,
    stream,
    usage,
)

from sprat.engines.base import ask
from sprat.engines.openai import Limits, OpenAIEngine
from sprat.errors import EngineDied, EngineError, SpratError
from sprat.types import Reply

STREAM = [head(), piece("", role="assistant"), piece("Hel"), piece("lo"), piece(finish="stop")]
STREAM += [usage(7, 2), DONE, END]
FINISH = 5  # so many of them, and the answer is whole
MESSAGE = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
JSON = json.dumps(MESSAGE).encode()
OPEN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
OPEN_JSON = OPEN.replace(b"text/event-stream", b"application/json")


def unframed(part: bytes) -> bytes:
    """What an HTTP chunk carries."""
    return part.partition(b"\r\n")[2][:-2]


async def outcome(stub: Stub, engine: OpenAIEngine) -> Reply | SpratError:
    try:
        async with asyncio.timeout(10):
            return await ask(engine, hello())
    except SpratError as error:
        return error


def whole_or_half(got: Reply | SpratError, asked: int, *, is_whole: bool) -> None:
    if is_whole:
        assert isinstance(got, Reply)
        assert (got.text, got.finish) == ("Hello", "stop")
    else:
        assert isinstance(got, EngineDied), got
        assert "\n" not in str(got)
    assert asked == 1


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("sent", range(len(STREAM)))
async def test_a_stream_that_is_cut_anywhere(
    stub: Stub, engine: OpenAIEngine, sent: int, *, inside: bool
):
    half = [STREAM[sent][: len(STREAM[sent]) // 2]] if inside else []
    stub.answers([*STREAM[:sent], *half, CUT], stream(piece("again")))
    got = await outcome(stub, engine)
    if sent == 0 or (sent == 1 and not inside):  # not a byte of the body had come
        assert isinstance(got, Reply)
        assert (got.text, [step.role for step in got.steps]) == ("again", ["retry"])
        assert len(stub.requests) == 2
    else:
        whole_or_half(got, len(stub.requests), is_whole=sent >= FINISH)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("sent", range(1, len(STREAM) - 1))
async def test_a_stream_without_a_length_that_is_cut_anywhere(
    stub: Stub, engine: OpenAIEngine, sent: int, *, inside: bool
):
    parts = [OPEN, *map(unframed, STREAM[1:-1])]
    half = [parts[sent][: len(parts[sent]) // 2]] if inside else []
    stub.answers([*parts[:sent], *half, CUT], stream(piece("again")))
    got = await outcome(stub, engine)
    if sent == 1 and not inside:
        assert isinstance(got, Reply)
        assert got.text == "again"
    else:
        whole_or_half(got, len(stub.requests), is_whole=sent >= FINISH)


@pytest.mark.parametrize("sent", [0, 1, 10, len(JSON) // 2, len(JSON) - 1, len(JSON)])
async def test_one_json_that_is_cut_anywhere(stub: Stub, engine: OpenAIEngine, sent: int):
    start = head(content_type="application/json", length=len(JSON))
    stub.answers([start, JSON[:sent], CUT], stream(piece("again")))
    got = await outcome(stub, engine)
    if sent == 0:
        assert isinstance(got, Reply)
        assert got.text == "again"
    else:
        whole_or_half(got, len(stub.requests), is_whole=sent == len(JSON))


@pytest.mark.parametrize("sent", [1, 10, len(JSON) // 2, len(JSON) - 1, len(JSON)])
async def test_one_json_without_a_length_that_is_cut_anywhere(
    stub: Stub, engine: OpenAIEngine, sent: int
):
    stub.answers([OPEN_JSON, JSON[:sent], CUT])
    whole_or_half(await outcome(stub, engine), len(stub.requests), is_whole=sent == len(JSON))


@pytest.mark.parametrize("sent", range(len(STREAM)))
async def test_a_connection_that_is_reset_anywhere(stub: Stub, engine: OpenAIEngine, sent: int):
    stub.answers([*STREAM[:sent], ABORT], stream(piece("Hello")))
    got = await outcome(stub, engine)
    # A reset overtakes bytes that are on their way: where it is noticed is not ours to say.
    assert isinstance(got, EngineError) or got.text == "Hello"


@pytest.mark.parametrize("sent", range(2, FINISH))
async def test_a_server_that_falls_silent_anywhere(stub: Stub, sent: int):
    engine = endpoint_engine(stub.url, limits=Limits(silence_s=0.1, total_s=5))
    stub.answers([*STREAM[:sent], 30.0])
    got = await outcome(stub, engine)
    await engine.aclose()
    assert isinstance(got, EngineError)
    assert "after the last piece" in str(got)


@pytest.mark.parametrize(
    "script",
    [[head(), DONE, END], [head(), event({"choices": None}), DONE, END], [head(), END]],
)
async def test_a_stream_without_an_answer_in_it_is_none(
    stub: Stub, engine: OpenAIEngine, script: list
):
    stub.answers(script)
    assert isinstance(await outcome(stub, engine), EngineDied)


async def test_a_kept_connection_that_the_server_closed_is_made_again_at_once(stub: Stub):
    engine = endpoint_engine(stub.url, limits=Limits(backoff_s=60))
    stub.answers(stream(piece("one")), [CUT], stream(piece("two")))
    assert (await ask(engine, hello())).text == "one"
    async with asyncio.timeout(10):
        assert (await ask(engine, hello())).text == "two"
    await engine.aclose()
