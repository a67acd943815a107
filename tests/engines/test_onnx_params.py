"""What a request adds to the logits, and prompts without a template: honoured, or refused."""

import numpy as np
import pytest
from tests.engines.tiny import CONTEXT
from tokenizers import Tokenizer as Oracle

from sprat.engines.base import ask
from sprat.engines.onnx import OnnxEngine
from sprat.engines.onnx.sampling import Nudges
from sprat.errors import ContextTooLong, UnsupportedRequest
from sprat.types import ChatRequest, Message, ResponseFormat

TEXT = "the quick brown fox jumps over the lazy dog"


def request(text: str = TEXT, **fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), **{"max_tokens": 30} | fields)


def test_penalties_are_those_of_the_formula():
    nudges = Nudges(0.5, 0.25, {3: -100.0, 1: 2.0})
    for token in (0, 1, 1, 1):
        nudges.saw(token)
    logits = np.zeros(4, np.float32)
    assert nudges.applied(logits).tolist() == [-0.75, 2 - 0.5 - 0.75, 0, -100]
    assert not logits.any()


async def test_a_token_that_is_banned_never_comes(local: OnnxEngine, tiny):
    oracle = Oracle.from_file(str(tiny / "tokenizer.json"))
    plain = await ask(local, request(logprobs=0))
    assert plain.logprobs is not None
    banned = [number for number in range(oracle.get_vocab_size()) if number % 3]
    reply = await ask(local, request(logit_bias=dict.fromkeys(banned, -100.0), logprobs=0))
    assert reply.logprobs is not None
    words = {oracle.decode([number]) for number in banned}
    assert any(entry.token in words for entry in plain.logprobs)
    allowed = {oracle.decode([n]) for n in range(oracle.get_vocab_size()) if n % 3 == 0}
    assert all(entry.token in allowed for entry in reply.logprobs)


async def test_a_bias_can_make_a_token_certain_and_its_probability_stays_the_models_own(
    local: OnnxEngine,
):
    reply = await ask(local, request(max_tokens=4, logit_bias={40: 100.0}, logprobs=1))
    assert reply.logprobs is not None
    assert len({entry.token for entry in reply.logprobs}) == 1
    assert reply.logprobs[0].logprob < -0.1
    assert reply.logprobs[0].top[0][0] != reply.logprobs[0].token


async def test_an_answer_goes_on_after_end_of_text_where_the_end_is_ignored(local: OnnxEngine):
    ends = {"logit_bias": {2: 100.0}, "max_tokens": 9}  # the tiny model's end-of-text
    assert (await ask(local, request(**ends))).usage.output_tokens == 0
    reply = await ask(local, request(**ends, ignore_end=True))
    assert (reply.usage.output_tokens, reply.finish) == (9, "length")


async def test_penalties_make_an_answer_repeat_itself_less(local: OnnxEngine):
    on = {"max_tokens": 200, "logprobs": 0, "logit_bias": {2: -100.0}}
    plain = await ask(local, request(**on))
    for fields in ({"presence_penalty": 2.0}, {"frequency_penalty": 2.0}):
        other = await ask(local, request(**on, **fields))
        assert plain.logprobs is not None
        assert other.logprobs is not None
        assert len({e.token for e in other.logprobs}) > len({e.token for e in plain.logprobs})


async def test_a_grammar_and_a_bias_hold_together(local: OnnxEngine, tiny):
    number = Oracle.from_file(str(tiny / "tokenizer.json")).token_to_id("b")
    shape = ResponseFormat("regex", pattern="[a-c]{5}")
    reply = await ask(local, request(response_format=shape, logit_bias={number: 100.0}))
    assert reply.text == "bbbbb"


async def test_a_raw_prompt_is_taken_as_it_stands(local: OnnxEngine, tiny):
    oracle = Oracle.from_file(str(tiny / "tokenizer.json"))
    raw = ChatRequest(messages=(), prompt=TEXT, max_tokens=8)
    reply = await ask(local, raw)
    assert reply.usage.input_tokens == len(oracle.encode(TEXT).ids)
    wrapped = f"<|im_start|>user\n{TEXT}<|im_end|>\n<|im_start|>assistant\n"
    templated = await ask(local, ChatRequest(messages=(), prompt=wrapped, max_tokens=30))
    assert templated.text == (await ask(local, request())).text


async def test_without_a_limit_an_answer_may_fill_the_context(local: OnnxEngine):
    reply = await ask(local, request(max_tokens=None, logit_bias={2: -100.0}))
    assert reply.finish == "length"
    assert reply.usage.input_tokens + reply.usage.output_tokens == CONTEXT


async def test_a_raw_prompt_over_the_context_is_too_long(local: OnnxEngine):
    with pytest.raises(ContextTooLong):
        await ask(local, ChatRequest(messages=(), prompt="0 " * 600))


NAN = float("nan")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"presence_penalty": 2.1}, "presence_penalty is 2.1"),
        ({"frequency_penalty": NAN}, "frequency_penalty is nan"),
        ({"logit_bias": {5: 101.0}}, "logit_bias of token 5 is 101.0"),
        ({"logit_bias": {5: NAN}}, "logit_bias of token 5 is nan"),
        ({"logit_bias": {10**6: 1.0}}, "token 1000000"),
        ({"logit_bias": {-1: 1.0}}, "token -1"),
        ({"reasoning_effort": "high"}, "reasoning_effort is high"),
        ({"prompt": "x"}, "prompt and messages"),
        ({"messages": (), "prompt": ""}, "prompt is empty"),
        ({"messages": ()}, "messages is empty"),
        ({"max_tokens": 0}, "max_tokens is 0"),
    ],
)
async def test_what_cannot_be_honoured_is_named(local: OnnxEngine, fields: dict, says: str):
    given = {"messages": (Message("user", TEXT),)} | fields
    with pytest.raises(UnsupportedRequest, match=says) as caught:
        await ask(local, ChatRequest(**given))
    assert "\n" not in str(caught.value)


async def test_no_reasoning_can_be_asked_for(local: OnnxEngine):
    assert (await ask(local, request(reasoning_effort="none"))).text
