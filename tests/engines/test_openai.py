"""The endpoint engine against a server that does what it is told, faults included."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from tests.engines.stub_server import (
    CUT,
    DONE,
    END,
    Stub,
    event,
    failure,
    head,
    part,
    piece,
    stream,
    stub_server,
    usage,
)

from sprat.engines.base import ask
from sprat.engines.openai import Limits, OpenAIEngine
from sprat.errors import (
    ContextTooLong,
    EngineDied,
    EngineRefused,
    EngineTimeout,
    SettingsError,
    UnsupportedRequest,
)
from sprat.settings import Endpoint
from sprat.types import ChatRequest, Delta, Message, Reply, ResponseFormat, TokenLogprob

QUICK = Limits(connect_s=5, silence_s=5, total_s=20, backoff_s=0.001)
ROLE = piece("", role="assistant")


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with stub_server() as server:
        yield server


@pytest.fixture
async def engine(stub: Stub) -> AsyncIterator[OpenAIEngine]:
    made = OpenAIEngine("there/tiny", Endpoint(url=stub.url), "tiny", limits=QUICK)
    yield made
    await made.aclose()


def hello(**fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", "hello there"),), **fields)


async def pieces_of(engine: OpenAIEngine, request: ChatRequest) -> tuple[list[Delta], Reply]:
    got = [piece async for piece in engine.stream(request)]
    assert isinstance(got[-1], Reply)
    return [p for p in got[:-1] if isinstance(p, Delta)], got[-1]


async def test_a_stream_is_its_pieces_and_then_one_reply(stub: Stub, engine: OpenAIEngine):
    stub.answers(stream(ROLE, piece("Hel"), piece("lo"), usage(7, 2)))
    deltas, reply = await pieces_of(engine, hello())
    assert [d.text for d in deltas] == ["Hel", "lo"]
    assert (reply.text, reply.finish, reply.model) == ("Hello", "stop", "there/tiny")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (7, 2)
    assert reply.usage.counted_by == "engine"


async def test_the_request_is_in_openais_words(stub: Stub, engine: OpenAIEngine):
    stub.answers(stream(piece("x")))
    schema = {"type": "object"}
    await ask(
        engine,
        hello(
            max_tokens=9,
            top_p=0.5,
            seed=4,
            stop=("END",),
            logprobs=2,
            tools=({"type": "function", "function": {"name": "f"}},),
            response_format=ResponseFormat("json_schema", schema=schema),
        ),
    )
    assert stub.paths == ["/v1/chat/completions"]
    assert stub.requests == [
        {
            "model": "tiny",
            "messages": [{"role": "user", "content": "hello there"}],
            "max_tokens": 9,
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "top_p": 0.5,
            "seed": 4,
            "stop": ["END"],
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            },
            "logprobs": True,
            "top_logprobs": 2,
        }
    ]


async def test_a_regular_expression_is_unsupported(engine: OpenAIEngine):
    with pytest.raises(UnsupportedRequest, match="regular expression"):
        await ask(engine, hello(response_format=ResponseFormat("regex", pattern="a+")))


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_is_kept_apart(stub: Stub, engine: OpenAIEngine, field: str):
    stub.answers(stream(piece(**{field: "hmm"}), piece("yes")))
    deltas, reply = await pieces_of(engine, hello())
    assert (reply.reasoning, reply.text) == ("hmm", "yes")
    assert [d.reasoning for d in deltas] == ["hmm", ""]
    assert reply.timing.first_token_ns != reply.timing.first_answer_ns


async def test_role_only_chunks_do_not_count_as_a_first_token(stub: Stub, engine: OpenAIEngine):
    # The server's own delays: 0.3 s lie between the role and the first token.
    stub.answers(stream(ROLE, 0.3, piece("a"), 0.2, piece("bcd")))
    _, reply = await pieces_of(engine, hello())
    assert reply.timing.ttft_s is not None
    assert reply.timing.ttft_s >= 0.29
    assert reply.timing.decode_s is not None
    assert reply.timing.decode_s >= 0.19
    assert len(reply.timing.chunks_ns) == 2


async def test_missing_usage_is_an_estimate_and_says_so(stub: Stub, engine: OpenAIEngine):
    stub.answers(stream(piece("four chars"), piece(" and more")))
    reply = await ask(engine, hello())
    # "hello there" has 11 characters and the answer 19: 11/4 and 19/4, rounded up
    assert reply.usage.counted_by == "estimate"
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (3, 5)


async def test_half_a_usage_is_not_mixed_with_an_estimate(stub: Stub, engine: OpenAIEngine):
    half = event({"choices": [], "usage": {"prompt_tokens": 99, "completion_tokens": None}})
    stub.answers(stream(piece("abcd"), half))
    reply = await ask(engine, hello())
    assert reply.usage.counted_by == "estimate"
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (3, 1)


async def test_cached_tokens_are_reported(stub: Stub, engine: OpenAIEngine):
    stub.answers(stream(piece("x"), usage(50, 1, prompt_tokens_details={"cached_tokens": 40})))
    assert (await ask(engine, hello())).usage.cached_tokens == 40


async def test_logprobs_come_through(stub: Stub, engine: OpenAIEngine):
    top = [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]
    entry = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": top}
    chunk = {"choices": [{"delta": {"content": "a"}, "logprobs": {"content": [entry]}}]}
    stub.answers(stream(event(chunk)))
    reply = await ask(engine, hello(logprobs=2))
    assert reply.logprobs == (TokenLogprob("a", -0.5, (("a", -0.5), ("b", -1.5))),)


async def test_tool_calls_are_put_together(stub: Stub, engine: OpenAIEngine):
    def call(**function):
        return {"index": 0, "function": function}

    first = {**call(name="weather", arguments=""), "id": "c1", "type": "function"}
    stub.answers(
        [
            head(),
            piece(tool_calls=[first]),
            piece(tool_calls=[call(arguments='{"city":')]),
            piece(tool_calls=[call(arguments=' "Oslo"}')]),
            piece(finish="tool_calls"),
            DONE,
            END,
        ]
    )
    reply = await ask(engine, hello())
    function = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    assert reply.tool_calls == ({"id": "c1", "type": "function", "function": function},)
    assert reply.finish == "tool_calls"
    assert reply.timing.first_answer_ns is not None


async def test_comments_crlf_and_cuts_inside_a_character(stub: Stub, engine: OpenAIEngine):
    raw = ': ping\r\n\r\ndata: {"choices":[{"delta":{"content":"é"}}]}\r\n\r\n'.encode()
    at = raw.index("é".encode()) + 1
    stub.answers([head(), part(raw[:at]), 0.01, part(raw[at:]), piece(finish="stop"), DONE, END])
    assert (await ask(engine, hello())).text == "é"


async def test_a_stream_without_done_is_whole_if_it_says_why_it_stopped(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers([head(), piece("hi"), piece(finish="length"), END])
    reply = await ask(engine, hello())
    assert (reply.text, reply.finish) == ("hi", "length")


async def test_a_stream_with_done_but_no_finish_is_whole(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("hi"), DONE, END])
    assert (await ask(engine, hello())).finish == "stop"


async def test_a_stream_that_just_ends_is_not_taken_for_an_answer(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("hi"), END])
    with pytest.raises(EngineDied, match="without saying"):
        await ask(engine, hello())


async def test_an_answer_that_was_not_streamed_is_an_answer(stub: Stub, engine: OpenAIEngine):
    whole = {
        "choices": [{"message": {"role": "assistant", "content": "all"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    }
    text = json.dumps(whole).encode()
    stub.answers([head(content_type="application/json", length=len(text)), text[:9], text[9:]])
    deltas, reply = await pieces_of(engine, hello())
    assert [d.text for d in deltas] == ["all"]
    assert (reply.text, reply.usage.output_tokens) == ("all", 1)


async def test_an_error_event_halfway_is_the_servers_own_words(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("hi"), event({"error": {"message": "out\nof memory"}}), END])
    with pytest.raises(EngineRefused, match="out of memory"):
        await ask(engine, hello())
    stub.answers([head(), piece("hi"), part(b"event: error\ndata: boom\n\n"), END])
    with pytest.raises(EngineRefused, match="boom"):
        await ask(engine, hello())


async def test_a_lost_connection_after_the_first_byte_is_not_retried(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers([head(), piece("hi"), CUT])
    with pytest.raises(EngineDied, match="middle of the answer"):
        await ask(engine, hello())
    assert len(stub.requests) == 1


@pytest.mark.parametrize("status", ["429 Slow", "502 Bad", "503 Busy", "504 Late"])
async def test_a_busy_server_is_asked_again_before_the_first_byte(
    stub: Stub, engine: OpenAIEngine, status: str
):
    stub.answers(failure(status, {"error": {"message": "busy"}}), stream(piece("ok")))
    reply = await ask(engine, hello())
    assert reply.text == "ok"
    assert [(s.role, status[:3] in s.why) for s in reply.steps] == [("retry", True)]


async def test_a_connection_that_drops_before_an_answer_is_made_again(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers([CUT], stream(piece("ok")))
    assert (await ask(engine, hello())).text == "ok"


async def test_retries_are_bounded(stub: Stub, engine: OpenAIEngine):
    stub.answers(failure("503 Busy", {"error": "still loading"}))
    with pytest.raises(EngineRefused, match="HTTP 503: still loading") as caught:
        await ask(engine, hello())
    assert caught.value.status == 503
    assert len(stub.requests) == QUICK.attempts


async def test_retry_after_is_obeyed_and_too_long_a_wait_is_refused(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers(failure("429 Slow", "no", "Retry-After: 0\r\n"), stream(piece("ok")))
    reply = await ask(engine, hello())
    assert "Sent again after 0.00 s" in reply.steps[0].why
    stub.answers(failure("429 Slow", "no", "Retry-After: 3600\r\n"))
    with pytest.raises(EngineRefused, match="429"):
        await ask(engine, hello())
    assert len(stub.requests) == 3


async def test_other_refusals_are_not_retried_and_keep_the_servers_words(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers(failure("400 Bad", {"detail": [{"msg": "temperature\nis odd"}]}))
    with pytest.raises(EngineRefused, match="there refused with HTTP 400: temperature is odd"):
        await ask(engine, hello())
    assert len(stub.requests) == 1


async def test_an_unknown_model_lists_what_there_is(stub: Stub, engine: OpenAIEngine):
    offer = {"data": [{"id": "tinny"}, {"id": "other"}]}
    missing = {"error": {"message": "no such model"}}
    stub.answers(failure("404 No", missing), failure("200 OK", offer))
    with pytest.raises(EngineRefused, match=r"offers: other, tinny.*mean there/tinny\?") as caught:
        await ask(engine, hello())
    assert caught.value.status == 404
    assert stub.paths[1] == "/v1/models"


async def test_too_long_a_prompt_is_told_apart(stub: Stub, engine: OpenAIEngine):
    words = {"error": {"code": "context_length_exceeded", "message": "maximum context length"}}
    stub.answers(failure("400 Bad", words))
    with pytest.raises(ContextTooLong, match="Shorten"):
        await ask(engine, hello())


async def test_the_key_is_sent_and_never_shown(stub: Stub):
    secret = "sk-very-secret"
    engine = OpenAIEngine("there/tiny", Endpoint(url=stub.url, key=secret), "tiny", limits=QUICK)
    stub.answers(failure("401 No", {"error": f"bad key {secret}"}))
    with pytest.raises(EngineRefused, match="key_env") as caught:
        await ask(engine, hello())
    await engine.aclose()
    assert stub.headers[0]["authorization"] == f"Bearer {secret}"
    assert secret not in str(caught.value)
    assert secret not in repr(engine)


async def test_a_key_that_is_not_in_the_environment_is_said_at_once(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(SettingsError, match="NO_SUCH_KEY"):
        OpenAIEngine("there/tiny", Endpoint(url=stub.url, key_env="NO_SUCH_KEY"), "tiny")


async def test_a_redirect_does_not_carry_the_key_elsewhere(stub: Stub, engine: OpenAIEngine):
    stub.answers(failure("307 Go", "moved", "Location: http://elsewhere/v1\r\n"))
    with pytest.raises(EngineRefused, match="elsewhere"):
        await ask(engine, hello())
    assert len(stub.requests) == 1


async def test_stream_options_that_are_refused_are_left_out_from_then_on(
    stub: Stub, engine: OpenAIEngine
):
    no = failure("400 Bad", {"error": {"message": "Unknown field: stream_options"}})
    stub.answers(no, stream(piece("ok")))
    assert (await ask(engine, hello())).text == "ok"
    await ask(engine, hello())
    assert ["stream_options" in r for r in stub.requests] == [True, False, False]


async def test_a_server_that_wants_max_completion_tokens_gets_it(stub: Stub, engine: OpenAIEngine):
    no = {"error": {"message": "'max_tokens' is not supported. Use 'max_completion_tokens'."}}
    stub.answers(failure("400 Bad", no), stream(piece("ok")))
    await ask(engine, hello(max_tokens=5))
    assert stub.requests[1]["max_completion_tokens"] == 5
    assert "max_tokens" not in stub.requests[1]


@pytest.mark.parametrize(
    ("script", "where"),
    [
        ([30.0], "for the first byte"),
        ([head(), piece("a"), 30.0], "after the last piece"),
    ],
)
async def test_silence_is_a_timeout_that_says_where(stub: Stub, script: list, where: str):
    limits = Limits(connect_s=1, silence_s=0.2, total_s=60)
    engine = OpenAIEngine("there/tiny", Endpoint(url=stub.url), "tiny", limits=limits)
    stub.answers(script)
    with pytest.raises(EngineTimeout, match=where):
        await ask(engine, hello())
    await engine.aclose()


async def test_an_answer_that_never_ends_is_a_timeout_too(stub: Stub):
    limits = Limits(connect_s=1, silence_s=30, total_s=0.3)
    engine = OpenAIEngine("there/tiny", Endpoint(url=stub.url), "tiny", limits=limits)
    stub.answers([head(), *[piece("a"), 0.05] * 200])
    with pytest.raises(EngineTimeout, match=r"0\.3 s in all"):
        await ask(engine, hello())
    await engine.aclose()


async def test_no_server_at_all_is_one_clear_line():
    engine = OpenAIEngine("there/tiny", Endpoint("http://127.0.0.1:9/v1"), "tiny", limits=QUICK)
    with pytest.raises(EngineDied, match=r"could not be reached.*Is the server running\?"):
        await ask(engine, hello())
    await engine.aclose()


async def test_a_web_page_is_not_an_answer(stub: Stub, engine: OpenAIEngine):
    page = b"<html><h1>Welcome</h1></html>"
    stub.answers([head(content_type="text/html", length=len(page)), page])
    with pytest.raises(EngineRefused, match=r"web page.*Welcome.*/v1"):
        await ask(engine, hello())


async def test_nonsense_is_shown_as_it_came(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), event("not json"), END])
    with pytest.raises(EngineRefused, match="not json"):
        await ask(engine, hello())


async def test_an_endless_answer_is_cut(stub: Stub):
    limits = Limits(answer_bytes=2000)
    engine = OpenAIEngine("there/tiny", Endpoint(url=stub.url), "tiny", limits=limits)
    stub.answers(stream(*[piece("x" * 100)] * 50))
    with pytest.raises(EngineRefused, match="over 2000 bytes"):
        await ask(engine, hello())
    await engine.aclose()


async def test_closing_the_iterator_hangs_up(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("a"), 30.0, piece("b")])
    answer = engine.stream(hello())
    assert isinstance(await anext(answer), Delta)
    await answer.aclose()
    async with asyncio.timeout(5):
        await stub.dropped.wait()


async def test_cancelling_the_task_hangs_up(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("a"), 30.0, piece("b")])
    task = asyncio.create_task(ask(engine, hello()))
    await stub.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await stub.dropped.wait()


async def test_one_connection_serves_one_request_after_another(stub: Stub, engine: OpenAIEngine):
    stub.answers(stream(piece("ok")))
    for _ in range(3):
        await ask(engine, hello())
    assert stub.connections == 1


async def test_warming_up_asks_for_little_and_knows_no_load_time(stub: Stub, engine: OpenAIEngine):
    stub.answers(stream(piece("ok")))
    load = await engine.warm()
    assert load.load_s is None
    assert load.warm_up_s is not None
    assert stub.requests[0]["max_tokens"] <= 2


async def test_closing_twice_is_safe(engine: OpenAIEngine):
    await engine.aclose()
    await engine.aclose()


async def test_a_proxy_is_never_used_for_this_machine(stub: Stub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    engine = OpenAIEngine("there/tiny", Endpoint(url=stub.url), "tiny", limits=QUICK)
    stub.answers(stream(piece("ok")))
    assert (await ask(engine, hello())).text == "ok"
    await engine.aclose()
