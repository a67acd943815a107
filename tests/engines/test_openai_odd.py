"""Odd bytes: each is read sanely or refused in one line, never a traceback."""

import gzip
import json

import pytest
from tests.engines.endpoint import hello
from tests.engines.stub_server import DONE, END, Step, Stub, event, failure, head, part, piece

from sprat.engines.base import ask
from sprat.engines.openai import OpenAIEngine, sse
from sprat.errors import EngineDied, EngineRefused, SpratError
from sprat.types import TokenLogprob

STREAM = b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n'


def chunk(raw: bytes) -> bytes:
    return part(b'data: {"choices":[{"delta":{"content":"' + raw + b'"}}]}\n\n')


def packed(raw: bytes, encoding: str) -> list[Step]:
    return [head(length=len(raw), extra=f"Content-Encoding: {encoding}\r\n"), raw]


async def test_bytes_that_are_no_utf_8_are_replaced(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), chunk(b"a\xffb"), piece(finish="stop"), DONE, END])
    assert (await ask(engine, hello())).text == "a\ufffdb"


async def test_half_a_character_in_an_escape_is_replaced(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), chunk(rb"a\ud83db"), piece(finish="stop"), DONE, END])
    (await ask(engine, hello())).text.encode()


async def test_one_json_that_is_no_utf_8_is_refused(stub: Stub, engine: OpenAIEngine):
    raw = b'{"choices":[{"message":{"content":"\xff"}}]}'
    stub.answers([head(content_type="application/json", length=len(raw)), raw])
    with pytest.raises(EngineRefused, match="no chat completion"):
        await ask(engine, hello())


async def test_a_compressed_body_is_read_though_none_was_asked_for(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers(packed(gzip.compress(STREAM), "gzip"))
    assert (await ask(engine, hello())).text == "hi"
    assert stub.headers[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [(b"no gzip at all", "gzip"), (gzip.compress(STREAM, mtime=0)[:30], "gzip")],
)
async def test_a_body_that_cannot_be_unpacked_is_one_line(
    stub: Stub, engine: OpenAIEngine, raw: bytes, encoding: str
):
    stub.answers(packed(raw, encoding))
    with pytest.raises(EngineDied) as caught:
        await ask(engine, hello())
    assert "\n" not in str(caught.value)


async def test_a_giant_line_is_refused(
    stub: Stub, engine: OpenAIEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    stub.answers([head(), *[part(b"data: " + b"x" * 300)] * 10, END])
    with pytest.raises(EngineRefused, match="over 1000 bytes"):
        await ask(engine, hello())


async def test_a_giant_header_is_one_line(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(extra=f"X-Big: {'x' * 100_000}\r\n"), piece("hi"), DONE, END])
    with pytest.raises(EngineDied, match="no answer in HTTP") as caught:
        await ask(engine, hello())
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), None])
async def test_log_probabilities_that_are_no_numbers_are_left_out(
    stub: Stub, engine: OpenAIEngine, value: float | None
):
    content = [{"token": "a", "logprob": value}, {"token": "b", "logprob": -0.5}]
    content[1]["top_logprobs"] = [{"token": "b", "logprob": -0.5}, {"token": "c", "logprob": value}]
    said = {"choices": [{"delta": {"content": "ab"}, "logprobs": {"content": content}}]}
    stub.answers([head(), event(said), piece(finish="stop"), DONE, END])
    reply = await ask(engine, hello(logprobs=2))
    assert reply.text == "ab"
    assert reply.logprobs == (TokenLogprob("b", -0.5, (("b", -0.5),)),)


async def test_null_fields_are_as_good_as_absent(stub: Stub, engine: OpenAIEngine):
    empty = {"choices": None, "usage": None, "error": None}
    nothing = {"index": None, "delta": None, "finish_reason": None, "logprobs": None}
    no_content = {"delta": {"content": None, "tool_calls": None}}
    odd = [event(empty), event({"choices": []}), event({"choices": [nothing]})]
    odd.append(event({"choices": [no_content]}))
    stub.answers([head(), *odd, piece("hi"), piece(finish="stop"), DONE, END])
    assert (await ask(engine, hello())).text == "hi"


@pytest.mark.parametrize(
    "payload",
    [
        "[" * 100_000,
        json.dumps({"choices": [None]}),
        json.dumps({"choices": "no"}),
        json.dumps({"choices": [{"delta": {"content": 7}}]}),
        '{"choices": 1e999}',
        '{"choices": [{"index": ' + "9" * 5000 + "}]}",
        "null",
        '"text"',
        '{"error": ' + "[" * 50_000 + "]" * 50_000 + "}",
    ],
)
async def test_what_is_no_completion_is_one_line(stub: Stub, engine: OpenAIEngine, payload: str):
    stub.answers([head(), event(payload), END])
    with pytest.raises(SpratError) as caught:
        await ask(engine, hello())
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("payload", ["[" * 50_000 + "]" * 50_000, "", "\x00", "\ud7ff" * 9000])
async def test_a_refusal_in_odd_words_is_one_line(stub: Stub, engine: OpenAIEngine, payload: str):
    stub.answers(failure("400 Bad", payload))
    with pytest.raises(EngineRefused, match="HTTP 400") as caught:
        await ask(engine, hello())
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("depth", [9, 400, 800, 900, 950, 980, 2000])
@pytest.mark.parametrize(("opened", "closed"), [('{"error":', "}"), ("[", "]")])
async def test_an_error_however_deep_is_one_line(
    stub: Stub, engine: OpenAIEngine, depth: int, opened: str, closed: str
):
    deep = '{"error":' + opened * depth + "1" + closed * depth + "}"
    for script in ([head(), event(deep), END], failure("400 Bad", deep)):
        stub.answers(script)
        with pytest.raises(EngineRefused) as caught:
            await ask(engine, hello())
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("said", ["nan", "inf", "1e999", "soon", ""])
async def test_a_wait_that_is_no_time_is_none(stub: Stub, engine: OpenAIEngine, said: str):
    stub.answers(failure("429 Slow", "no", f"Retry-After: {said}\r\n"))
    with pytest.raises(EngineRefused) as caught:
        await ask(engine, hello())
    assert caught.value.retry_after_s is None


async def test_one_json_without_choices_is_no_answer(stub: Stub, engine: OpenAIEngine):
    stub.answers(failure("200 OK", {"object": "chat.completion"}))
    with pytest.raises(EngineRefused, match="no choices"):
        await ask(engine, hello())


async def test_a_compression_that_is_not_known_is_one_line(stub: Stub, engine: OpenAIEngine):
    stub.answers(packed(STREAM.replace(b"data", b"\x00\xff"), "sprat-squeeze"))
    with pytest.raises(EngineDied) as caught:
        await ask(engine, hello())
    assert "\n" not in str(caught.value)
