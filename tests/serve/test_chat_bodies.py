"""What a chat completion's body may hold, and how what it may not hold is named."""

from typing import Any

import msgspec
import pytest
from tests.serve.tools import PARAMETERS, TOOL

from sprat.serve.problem import BadRequest
from sprat.serve.wire.chat import parse
from sprat.types import ChatRequest, Message, ResponseFormat

USER = {"role": "user", "content": "Hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}


def asked(*messages: dict[str, Any], **fields: Any) -> ChatRequest:
    body = {"model": "echo", "messages": list(messages) or [USER], **fields}
    return parse(msgspec.json.encode(body)).requests[0]


def refused(*messages: dict[str, Any], **fields: Any) -> BadRequest:
    with pytest.raises(BadRequest) as raised:
        asked(*messages, **fields)
    assert raised.value.status == 400
    return raised.value


def test_the_parts_of_a_content_are_one_text():
    parts = [{"type": "text", "text": "One "}, {"type": "text", "text": "two"}]
    assert asked({"role": "user", "content": parts}).messages == (Message("user", "One two"),)


def test_a_developer_speaks_like_the_system():
    said = asked({"role": "developer", "content": "Be brief."}, USER).messages
    assert said[0] == Message("system", "Be brief.")


def test_a_call_and_its_result_keep_their_identifier():
    turns = asked(
        {"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": None},
        {"role": "tool", "tool_call_id": "c1", "content": "27"},
    ).messages
    assert turns == (
        Message("assistant", "", tool_calls=(CALL,)),
        Message("tool", "27", tool_call_id="c1"),
    )


def test_a_description_goes_with_its_schema():
    wanted = {"name": "place", "schema": PARAMETERS, "description": "A place."}
    shape = asked(response_format={"type": "json_schema", "json_schema": wanted}).response_format
    assert shape == ResponseFormat("json_schema", {"description": "A place.", **PARAMETERS})


def test_a_stop_string_alone_is_a_list_of_one():
    assert asked(stop="END").stop == ("END",)


def test_without_a_limit_the_gateway_decides():
    assert asked().max_tokens is None


def test_a_limit_beyond_any_context_is_fine():
    assert asked(max_tokens=900_000).max_tokens == 900_000


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ({"role": "user"}, "messages[0].content"),
        ({"role": "user", "content": None}, "messages[0].content"),
        ({"role": "user", "content": []}, "messages[0].content"),
        ({"role": "user", "content": "x", "tool_call_id": "c"}, "messages[0].tool_call_id"),
        ({"role": "user", "content": "x", "tool_calls": [CALL]}, "messages[0].tool_calls"),
        ({"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
        ({"role": "robot", "content": "x"}, "messages[0].role"),
        ({"content": "x"}, "messages[0].role"),
        ({"role": "user", "content": "x", "mood": "good"}, "messages[0].mood"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages[0].audio"),
        ({"role": "assistant", "content": None, "function_call": {}}, "messages[0].function_call"),
    ],
)
def test_a_wrong_message_is_named_with_its_place(message: dict[str, Any], named: str):
    assert refused(message).param == named


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"image_url": {"url": "https://example.org/a.png"}, "type": "image_url"},
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
        {"type": "file", "file": {"file_id": "f"}},
    ],
)
def test_an_image_a_sound_and_a_file_are_refused_with_their_place(part: dict[str, Any]):
    error = refused(USER, {"role": "user", "content": [{"type": "text", "text": "See"}, part]})
    assert (error.param or "").startswith("messages[1].content[1]")
    assert "Only text parts are taken." in str(error)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 10**9}, "n"),
        ({"n": 1.5}, "n"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**70}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1, "max_completion_tokens": 2}, "max_tokens"),
        ({"stop": ["x"] * 17}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stop": [""]}, "stop[0]"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"logit_bias": {"5": 101}}, "logit_bias"),
        ({"logit_bias": {"five": 1}}, "logit_bias"),
        ({"logit_bias": {str(n): 1 for n in range(1025)}}, "logit_bias"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"x": 1}}, "stream_options.x"),
        ({"parallel_tool_calls": True}, "parallel_tool_calls"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": "any"}, "tool_choice"),
        ({"tools": [TOOL, TOOL]}, "tools[1]"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": [TOOL] * 129}, "tools"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
            "response_format.json_schema.schema",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
            "response_format.json_schema.name",
        ),
        (
            {"response_format": {"type": "text", "json_schema": {"name": "x", "schema": {}}}},
            "response_format.json_schema",
        ),
        ({"messages": []}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"model": "../../etc/passwd"}, "model"),
        ({"model": "a" * 201}, "model"),
        ({"model": 5}, "model"),
        ({"user": "u" * 257}, "user"),
    ],
)
def test_a_value_out_of_bounds_is_named(fields: dict[str, Any], named: str):
    error = refused(**fields)
    assert (error.param or "").startswith(named)
    assert named.rpartition(".")[2].partition("[")[0] in str(error)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model": "./w.gguf"}, "model is no model's name. Take a name of GET /v1/models"),
        ({"store": True}, "store is true, which is not offered here. Leave it out, or send false."),
        ({"metadata": {"a": "b"}}, "metadata is not offered here"),
        ({"messages": [{"role": "boss", "content": "Hi"}]}, "/docs lists what it may be"),
    ],
)
def test_a_refusal_says_what_to_send_in_the_words_of_the_client(fields: dict[str, Any], said: str):
    assert said in str(refused(**fields))


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


def test_a_schema_is_nested_only_so_deep():
    tool = {"type": "function", "function": {"name": "f", "parameters": nested(30)}}
    assert asked(tools=[tool])
    tool["function"] = {"name": "f", "parameters": nested(33)}
    assert refused(tools=[tool]).param == "tools[0].function.parameters"
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": nested(33)}}
    assert refused(response_format=wanted).param == "response_format.json_schema.schema"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nothing",
        b"[]",
        b'"x"',
        b'{"model":',
        b'{"model": "echo", "messages": [], "temperature": NaN}',
        b'{"model": "\xff"}',
        b'{"model": "\\ud800"}',
        b"[" * 100_000,
        b'{"messages": ' + b"[" * 100_000,
        b'{"metadata": ' + b'{"a":' * 100_000,
        b'{"tools": [{"type": "function", "function": {"name": "f", "parameters": '
        + b'{"a":' * 5_000
        + b"1"
        + b"}" * 5_000
        + b"}}]}",
    ],
    ids=range(12),
)
def test_what_is_no_body_is_refused(raw: bytes):
    with pytest.raises(BadRequest):
        parse(raw)


@pytest.mark.parametrize(
    "fields",
    [
        {"x" * 100_000: 1},
        {"tool_choice": "x" * 100_000},
        {"service_tier": "x" * 100_000},
        {"messages": [{"role": "x" * 100_000, "content": ""}]},
        {"model": "x" * 100_000},
    ],
    ids=lambda fields: next(iter(fields))[:20],
)
def test_a_refusal_does_not_send_it_all_back(fields: dict[str, Any]):
    error = refused(**fields)
    assert len(str(error)) < 600
    assert len(error.param or "") <= 200


def test_a_large_schema_is_read_in_a_moment():
    import time

    wide = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(20_000)}}
    started = time.monotonic()
    asked(tools=[{"type": "function", "function": {"name": "f", "parameters": wide}}])
    assert time.monotonic() - started < 15  # what grows with its square takes minutes
