"""What is private is found wherever it stands in a request."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from tests.policies.made import UNLIKELY, engine, policy, request, rule, script

from sprat.engines.base import ask
from sprat.errors import UnsupportedRequest
from sprat.policies.spec import Gates
from sprat.policies.words import words_of
from sprat.types import ChatRequest, Message, Prediction, ResponseFormat

WORD = "ACME-12"
SCHEMA = {"type": "object", "properties": {"c": {"enum": [WORD]}}}
CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}

HOLDING: dict[str, list[Any]] = {
    "messages": [
        (Message("user", f"It is {WORD}."),),
        (Message("user", "Hi", name=WORD),),
        (Message("assistant", tool_calls=({**CALL, "id": WORD},)),),
        (Message("assistant", tool_calls=({**CALL, "function": {"name": WORD}},)),),
        (Message("tool", "Rain.", tool_call_id=WORD),),
    ],
    "prompt": [f"It is {WORD}."],
    "stop": [("\n", WORD)],
    "response_format": [
        ResponseFormat("json_schema", schema=SCHEMA),
        ResponseFormat("json_schema", schema={"properties": {WORD: {}}}),
        ResponseFormat("regex", pattern=WORD),
    ],
    "tools": [({"type": "function", "function": {"name": "f", "description": WORD}},)],
    "tool_choice": [f"function:{WORD}"],
    "reasoning_effort": [WORD],
    "prediction": [Prediction(text=WORD)],
}
"""Every place of a request in which a word can stand."""
WORDLESS = {
    "model", "max_tokens", "temperature", "top_p", "seed", "presence_penalty", "frequency_penalty",
    "logit_bias", "parallel_tool_calls", "ignore_end", "logprobs", "scheduled_ns",
}  # fmt: skip
"""Numbers, switches, and a name that a policy's models never see."""
PLACES = [(field, value) for field, values in HOLDING.items() for value in values]


@pytest.mark.parametrize(("field", "value"), PLACES)
def test_a_word_is_found_in_every_field(field: str, value: Any):
    asked = ChatRequest(**{"messages": (Message("user", "Hi"),), field: value})
    assert any(WORD in words for words in words_of(asked))


def test_no_field_was_forgotten():
    assert {f.name for f in msgspec.structs.fields(ChatRequest)} == set(HOLDING) | WORDLESS
    assert {f.name for f in msgspec.structs.fields(Message)} == {
        "role", "content", "name", "tool_calls", "tool_call_id"
    }  # fmt: skip
    assert {f.name for f in msgspec.structs.fields(ResponseFormat)} == {"kind", "schema", "pattern"}
    assert {f.name for f in msgspec.structs.fields(Prediction)} == {
        "text", "tolerance", "read_only"
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments", ['{"n": "M\\u00fcller"}', '{"M\\u00fcller": 1}', '[["M\\u00fcller"]]']
)
def test_escapes_in_the_arguments_of_a_call_hide_nothing(arguments: str):
    call = {"id": "1", "function": {"name": "look", "arguments": arguments}}
    asked = ChatRequest(messages=(Message("assistant", tool_calls=(call,)),))
    assert "Müller" in list(words_of(asked))


def test_nor_do_those_of_a_tools_answer():
    asked = ChatRequest(messages=(Message("tool", json.dumps({"n": "Müller"}), tool_call_id="1"),))
    assert "Müller" in list(words_of(asked))


def test_numbers_in_a_schema_are_words_and_the_requests_own_are_not():
    schema = {"properties": {"n": {"const": 850101145567}}}
    asked = request(response_format=ResponseFormat("json_schema", schema=schema), seed=4711)
    found = list(words_of(asked))
    assert "850101145567" in found
    assert not any("4711" in words for words in found)


def test_what_the_request_calls_its_turns_is_no_word_of_the_callers():
    assert list(words_of(request("Hi", model="policy:acme"))) == ["Hi"]


def test_depth_is_no_way_round_and_no_way_to_break_it():
    deep: Any = WORD
    for _ in range(5000):
        deep = [deep]
    assert WORD in list(words_of(request(tools=({"x": deep},))))
    assert list(words_of(request("[" * 100_000)))


@pytest.mark.parametrize(
    ("field", "value"),
    [(f, v) for f, v in PLACES if f not in {"prompt", "prediction", "messages"}],
)
async def test_none_of_it_is_sent_away(field: str, value: Any):
    large = script("l", rule("Large."))
    gates = Gates(private=(r"ACME-\d+",))
    small = script("s", rule("Small.", UNLIKELY))
    made = engine(policy(gates=gates), small, large, away={"large"})
    with suppress(UnsupportedRequest):  # the small one calls no functions
        await ask(made, request(**{field: value}))
    assert len(small.asked) == 1
    assert large.asked == []
