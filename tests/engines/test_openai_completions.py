"""A bare prompt: the same engine over text completions."""

import json

import pytest
from tests.engines.stub_server import CUT, DONE, END, Stub, event, head, usage

from sprat.engines.base import ask
from sprat.engines.openai import OpenAIEngine
from sprat.errors import EngineDied, UnsupportedRequest
from sprat.types import ChatRequest, Delta, Message, Reply, ResponseFormat, TokenLogprob


def bare(**fields) -> ChatRequest:
    return ChatRequest(messages=(), prompt="Once upon", **fields)


def text(said: str, finish: str | None = None, **more: object) -> bytes:
    return event({"choices": [{"index": 0, "text": said, "finish_reason": finish, **more}]})


async def test_a_prompt_goes_to_completions_as_it_stands(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), text(" a"), text(" time", "length"), usage(2, 2), DONE, END])
    got = [piece async for piece in engine.stream(bare(max_tokens=2, logprobs=1, stop=(".",)))]
    assert [piece.text for piece in got if isinstance(piece, Delta)] == [" a", " time"]
    reply = got[-1]
    assert isinstance(reply, Reply)
    assert (reply.text, reply.finish, reply.usage.output_tokens) == (" a time", "length", 2)
    assert stub.paths == ["/v1/completions"]
    assert stub.requests == [
        {
            "model": "tiny",
            "prompt": "Once upon",
            "max_tokens": 2,
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "stop": ["."],
            "logprobs": 1,
        }
    ]


async def test_an_empty_prompt_is_a_prompt(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), text("x", "stop"), DONE, END])
    await ask(engine, ChatRequest(messages=(), prompt=""))
    assert stub.paths == ["/v1/completions"]


async def test_legacy_log_probabilities_come_through(stub: Stub, engine: OpenAIEngine):
    said = {
        "tokens": [" a", " b", " c"],
        "token_logprobs": [-0.5, None, -1.0],
        "top_logprobs": [{" z": -1.5, " a": -0.5}, None, None],
        "text_offset": [0, 2, 4],
    }
    stub.answers([head(), text(" a b c", "stop", logprobs=said), DONE, END])
    reply = await ask(engine, bare(logprobs=2))
    assert reply.logprobs == (
        TokenLogprob(" a", -0.5, ((" a", -0.5), (" z", -1.5))),
        TokenLogprob(" c", -1.0),
    )


async def test_a_completion_that_was_not_streamed_is_one(stub: Stub, engine: OpenAIEngine):
    whole = json.dumps({"choices": [{"text": "all", "finish_reason": "stop"}]}).encode()
    stub.answers([head(content_type="application/json", length=len(whole)), whole])
    assert (await ask(engine, bare())).text == "all"


async def test_a_prompt_is_counted_in_an_estimate(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), text("abcd", "stop"), DONE, END])
    usage = (await ask(engine, bare())).usage
    # "Once upon" has nine characters: 9/4 and 4/4, rounded up
    assert (usage.input_tokens, usage.output_tokens, usage.counted_by) == (3, 1, "estimate")


async def test_a_completion_that_breaks_off_is_no_answer(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), text("half"), CUT])
    with pytest.raises(EngineDied, match="middle of the answer"):
        await ask(engine, bare())


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": (Message("user", "hi"),)},
        {"tools": ({"type": "function", "function": {"name": "f"}},)},
        {"response_format": ResponseFormat("json_object")},
        {"reasoning_effort": "low"},
    ],
)
async def test_what_a_completion_has_no_place_for_is_unsupported(
    engine: OpenAIEngine, fields: dict
):
    with pytest.raises(UnsupportedRequest, match=next(iter(fields))):
        await ask(engine, ChatRequest(**{"messages": (), "prompt": "x", **fields}))
