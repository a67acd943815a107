"""The endpoint engine against a server that does what it is told."""

import asyncio
import json

import pytest
from tests.engines.endpoint import hello
from tests.engines.stub_server import (
    DONE,
    END,
    Stub,
    event,
    failure,
    head,
    part,
    piece,
    stream,
    usage,
)

from sprat.engines.base import ask
from sprat.engines.openai import OpenAIEngine, call
from sprat.errors import (
    UnsupportedRequest,
)
from sprat.types import ChatRequest, Delta, Message, Prediction, Reply, ResponseFormat, TokenLogprob

ROLE = piece("", role="assistant")


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


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("auto", "auto"),
        ("required", "required"),
        ("function:f", {"type": "function", "function": {"name": "f"}}),
    ],
)
async def test_everything_that_may_be_asked_is_passed_on(
    stub: Stub, engine: OpenAIEngine, choice: str, said: object
):
    stub.answers(stream(piece("x")))
    await ask(
        engine,
        hello(
            max_tokens=None,
            presence_penalty=0.5,
            frequency_penalty=-1.0,
            logit_bias={50256: -100.0},
            tool_choice=choice,
            parallel_tool_calls=False,
            reasoning_effort="low",
        ),
    )
    assert stub.requests == [
        {
            "model": "tiny",
            "messages": [{"role": "user", "content": "hello there"}],
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "presence_penalty": 0.5,
            "frequency_penalty": -1.0,
            "logit_bias": {"50256": -100.0},
            "tool_choice": said,
            "parallel_tool_calls": False,
            "reasoning_effort": "low",
        }
    ]


async def test_what_is_at_its_default_is_left_out(stub: Stub, engine: OpenAIEngine):
    stub.answers(stream(piece("x")))
    await ask(engine, hello())
    assert set(stub.requests[0]) == {
        "model",
        "messages",
        "max_tokens",
        "temperature",
        "stream",
        "stream_options",
    }


async def test_a_regular_expression_is_unsupported(engine: OpenAIEngine):
    with pytest.raises(UnsupportedRequest, match="regular expression"):
        await ask(engine, hello(response_format=ResponseFormat("regex", pattern="a+")))


@pytest.mark.parametrize("fields", [{"messages": (Message("user", "Hi"),)}, {"prompt": "Hi"}])
async def test_a_prediction_is_refused_before_anything_is_sent(
    stub: Stub, engine: OpenAIEngine, fields: dict
):
    asked = ChatRequest(**{"messages": ()} | fields, prediction=Prediction(text="Hi there"))
    with pytest.raises(UnsupportedRequest, match="no prediction") as caught:
        await ask(engine, asked)
    assert caught.value.param == "prediction"
    assert not stub.requests


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


async def test_a_chunk_is_not_a_token(stub: Stub, engine: OpenAIEngine):
    stub.answers(stream(piece("one"), 0.05, piece(" two three four"), usage(3, 7)))
    _, reply = await pieces_of(engine, hello())
    assert len(reply.timing.chunks_ns) == 2
    assert reply.timing.decode_s is not None
    # seven tokens came in two chunks: six gaps
    assert reply.timing.inter_token_s(7) == pytest.approx(reply.timing.decode_s / 6)
    assert reply.decode_tokens_per_s == pytest.approx(6 / reply.timing.decode_s)


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
    deltas, reply = await pieces_of(engine, hello())
    function = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    assert reply.tool_calls == ({"id": "c1", "type": "function", "function": function},)
    assert reply.finish == "tool_calls"
    assert reply.timing.first_answer_ns is not None
    assert [part for piece in deltas for part in piece.tool_calls] == [
        first,
        call(arguments='{"city":'),
        call(arguments=' "Oslo"}'),
    ]


async def test_parts_of_tool_calls_without_a_number_get_one(stub: Stub, engine: OpenAIEngine):
    def parts(*said: dict) -> bytes:
        return piece(tool_calls=list(said))

    stub.answers(
        stream(
            parts({"id": "a", "function": {"name": "f", "arguments": "{"}}),
            parts({"function": {"arguments": "}"}}),
            parts({"id": "b", "function": {"name": "g"}}, {"id": "a", "function": {}}),
            parts({"id": "b", "function": {"arguments": {"x": 1}}}),
        )
    )
    deltas, reply = await pieces_of(engine, hello())
    assert [p["index"] for d in deltas for p in d.tool_calls] == [0, 0, 1, 0, 1]
    said = [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in reply.tool_calls]
    assert said == [("a", "f", "{}"), ("b", "g", '{"x":1}')]


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


async def test_stream_options_that_are_refused_are_left_out_from_then_on(
    stub: Stub, engine: OpenAIEngine
):
    no = failure("400 Bad", {"error": {"message": "Unknown field: stream_options"}})
    stub.answers(no, stream(piece("ok")))
    assert (await ask(engine, hello())).text == "ok"
    await ask(engine, hello())
    assert ["stream_options" in r for r in stub.requests] == [True, False, False]


async def test_the_end_is_ignored_in_the_servers_word_unless_it_knows_none(
    stub: Stub, engine: OpenAIEngine
):
    no = failure("400 Bad", {"error": {"message": "Unknown field: ignore_eos"}})
    stub.answers(stream(piece("ok")), no, stream(piece("ok")))
    for _ in range(2):
        assert (await ask(engine, hello(ignore_end=True))).text == "ok"
    assert [r.get("ignore_eos") for r in stub.requests] == [True, True, None]


async def test_a_server_that_wants_max_completion_tokens_gets_it(stub: Stub, engine: OpenAIEngine):
    no = {"error": {"message": "'max_tokens' is not supported. Use 'max_completion_tokens'."}}
    stub.answers(failure("400 Bad", no), stream(piece("ok")))
    await ask(engine, hello(max_tokens=5))
    assert stub.requests[1]["max_completion_tokens"] == 5
    assert "max_tokens" not in stub.requests[1]


async def test_what_one_request_learns_serves_those_beside_it(stub: Stub, engine: OpenAIEngine):
    no = failure("400 Bad", {"error": {"message": "Unknown field: stream_options"}})
    stub.answers(no, no, no, stream(piece("ok")))
    replies = await asyncio.gather(*(ask(engine, hello()) for _ in range(3)))
    assert [reply.text for reply in replies] == ["ok"] * 3


async def test_a_server_that_neither_says_done_nor_closes_keeps_nobody_waiting(
    stub: Stub, engine: OpenAIEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(call, "COUNT_S", 25.0)
    stub.answers([head(), piece("hi"), piece(finish="stop"), 0.1, usage(3, 1), 30.0])
    async with asyncio.timeout(4):  # nothing is waited for once the count is there
        reply = await ask(engine, hello())
    assert (reply.text, reply.usage.counted_by) == ("hi", "engine")


async def test_a_count_that_never_comes_is_not_waited_for(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("hi"), piece(finish="stop"), 30.0])
    async with asyncio.timeout(4):  # less than QUICK's silence
        reply = await ask(engine, hello())
    assert (reply.text, reply.finish, reply.usage.counted_by) == ("hi", "stop", "estimate")


async def test_pings_do_not_keep_an_answer_open_that_is_whole(stub: Stub, engine: OpenAIEngine):
    ping = part(b": ping\n\n")
    stub.answers([head(), piece("hi"), piece(finish="stop"), *[0.1, ping] * 300])
    async with asyncio.timeout(4):
        assert (await ask(engine, hello())).text == "hi"


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
