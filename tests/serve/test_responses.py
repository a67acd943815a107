"""`/v1/responses`, over the wire; the official package reads it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.responses import ResponseFunctionToolCall
from tests.serve.recording import record
from tests.serve.running import At, gateway, serving
from tests.serve.sse import events
from tests.serve.tools import FLAT_TOOL, PARAMETERS, WEATHER

from sprat.types import Message

TEXT = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
CALL = [
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
]


@pytest.fixture
async def calls(tmp_path: Path) -> AsyncIterator[At]:
    """A gateway with `echo`, and `calls`, which calls functions."""
    async with gateway(serving(tmp_path, {"calls": WEATHER})) as here:
        yield here


async def respond(at: At, given: Any = "Hello", model: str = "echo", **fields: Any) -> Any:
    body = {"model": model, "input": given, **fields}
    async with await at.post("/v1/responses", body) as response:
        return await (response.text() if fields.get("stream") else response.json())


def client(at: At) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{at.url}/v1", api_key="none", max_retries=0)


async def test_an_answer_is_a_message_among_the_output(at: At):
    answer = await respond(at, metadata={"a": "b"}, instructions="Be kind.")
    (item,) = answer["output"]
    assert item["content"][0]["text"] == "Hello there, friend."
    assert (answer["status"], item["status"]) == ("completed", "completed")
    assert answer["metadata"] == {"a": "b"}
    assert answer["instructions"] == "Be kind."
    assert answer["usage"]["output_tokens"] == 3
    assert answer["store"] is False
    assert answer["sprat"]["model"] == "echo"


async def test_a_stream_goes_in_the_official_order(at: At):
    told = events(await respond(at, stream=True))
    kinds = [event["type"] for event in told]
    assert list(dict.fromkeys(kinds)) == TEXT
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    deltas = [event["delta"] for event in told if event["type"] == TEXT[4]]
    assert len(deltas) == 3
    assert "".join(deltas) == told[-1]["response"]["output"][0]["content"][0]["text"]
    assert told[0]["response"]["output"] == []
    assert told[0]["response"]["status"] == "in_progress"


async def test_a_stream_ends_with_what_a_whole_answer_says(calls: At):
    for question in ("Hello", "weather?", "two cities", "only call", "think"):
        whole = await respond(calls, question, "calls", tools=[FLAT_TOOL])
        last = events(await respond(calls, question, "calls", tools=[FLAT_TOOL], stream=True))[-1]
        assert told(last["response"]) == told(whole)
        assert last["response"].keys() == whole.keys()


def told(response: Any) -> Any:
    """What does not change from one time to the next."""
    items = [
        {key: value for key, value in item.items() if key != "id"} for item in response["output"]
    ]
    return items, response["status"], response["usage"], response["tools"]


async def test_a_call_after_a_text_is_an_item_of_its_own(calls: At):
    stream = events(await respond(calls, "weather?", "calls", tools=[FLAT_TOOL], stream=True))
    kinds = list(dict.fromkeys((event["type"], event.get("output_index")) for event in stream))
    assert [kind for kind, place in kinds if place == 0] == TEXT[2:8]
    assert [kind for kind, place in kinds if place == 1] == CALL
    added = next(event["item"] for event in stream if event.get("output_index") == 1)
    assert (added["name"], added["call_id"], added["arguments"]) == ("weather", "call_1", "")
    done = stream[-2]["item"]
    assert (done["status"], json.loads(done["arguments"])) == ("completed", {"city": "Accra"})
    assert done["id"] == added["id"]


async def test_thinking_comes_first_and_apart(calls: At):
    answer = await respond(calls, "think", "calls")
    thought, said = answer["output"]
    assert thought["type"] == "reasoning"
    assert thought["content"] == [{"type": "reasoning_text", "text": "Two and two."}]
    assert said["content"][0]["text"] == "It is four."
    assert answer["usage"]["output_tokens_details"]["reasoning_tokens"] is None


async def test_an_answer_that_was_cut_off_says_so(at: At):
    answer = await respond(at, max_output_tokens=2)
    assert answer["status"] == "incomplete"
    assert answer["incomplete_details"] == {"reason": "max_output_tokens"}
    assert answer["output"][0]["status"] == "incomplete"
    last = events(await respond(at, max_output_tokens=2, stream=True))[-1]
    assert last["type"] == "response.incomplete"


async def test_a_failure_halfway_is_told_twice_and_ends_the_stream(at: At):
    told = events(await respond(at, "break it", stream=True))
    error, failed = told[-2:]
    assert (error["type"], error["code"]) == ("error", "engine_died")
    assert failed["type"] == "response.failed"
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"]["code"] == "engine_died"
    assert failed["response"]["output"][0]["content"][0]["text"] == "one two"
    assert failed["sequence_number"] == len(told) - 1


async def test_a_failure_before_the_first_byte_has_a_status(at: At):
    async with await at.post(
        "/v1/responses", {"model": "echo", "input": "refuse", "stream": True}
    ) as response:
        assert response.status == 400
        assert (await response.json())["error"]["code"] == "refused_by_endpoint"


async def test_log_probabilities_come_where_they_are_included(at: At):
    include = ["message.output_text.logprobs"]
    answer = await respond(at, include=include, top_logprobs=1)
    entries = answer["output"][0]["content"][0]["logprobs"]
    assert [entry["logprob"] for entry in entries] == [-0.1, -0.2, -0.3]
    assert entries[0]["top_logprobs"][0]["token"] == "Hello"
    told = events(await respond(at, include=include, stream=True))
    streamed = [entry for event in told if event["type"] == TEXT[4] for entry in event["logprobs"]]
    assert [entry["token"] for entry in streamed] == ["Hello", " there,", " friend."]


async def test_items_become_the_turns_of_a_conversation(at: At):
    recorder = record(at)
    call = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"}
    given = [
        {"role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
        {"role": "user", "content": "Accra?"},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [],
            "content": [{"type": "reasoning_text", "text": "Hm."}],
        },
        {"role": "assistant", "content": [{"type": "output_text", "text": "One moment."}]},
        call,
        call | {"call_id": "c2"},
        {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
        {
            "type": "function_call_output",
            "call_id": "c2",
            "output": [{"type": "input_text", "text": "rain"}],
        },
    ]
    await respond(at, given)
    function = {"name": "weather", "arguments": "{}"}
    made = tuple({"id": one, "type": "function", "function": function} for one in ("c1", "c2"))
    assert recorder.last.messages == (
        Message("system", "Be brief."),
        Message("user", "Accra?"),
        Message("assistant", "One moment.", tool_calls=made),
        Message("tool", "sunny", tool_call_id="c1"),
        Message("tool", "rain", tool_call_id="c2"),
    )


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"input": []}, "input"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": "x", "name": "n"}]}, "input[0].name"),
        ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input[0].output"),
        ({"input": [{"type": "web_search_call"}]}, "input[0].type"),
        ({"input": [{"type": "item_reference", "id": "i"}]}, "input[0].type"),
        (
            {"input": [{"type": "reasoning", "encrypted_content": "e"}]},
            "input[0].encrypted_content",
        ),
        ({"input": [{"type": "reasoning", "summary": []}]}, "input"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            "input[0].content[0].type",
        ),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tools": [FLAT_TOOL, FLAT_TOOL]}, "tools[1]"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "name": "f"}, "tools": [FLAT_TOOL]}, "tool_choice"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, "text.format.name"),
        ({"text": {"format": {"type": "text", "name": "x"}}}, "text.format.name"),
        ({"text": {"verbosity": "low"}}, "text.verbosity"),
        ({"include": ["reasoning.encrypted_content"]}, "include[0]"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"reasoning": {"summary": "auto"}}, "reasoning.summary"),
        ({"metadata": {"k": "v" * 513}}, "metadata[...]"),
        ({"metadata": {str(n): "v" for n in range(17)}}, "metadata"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
    ],
)
async def test_what_cannot_be_honoured_is_named(at: At, fields: dict[str, Any], named: str):
    recorder = record(at)
    answer = await respond(at, **{"given": fields.pop("input", "x"), **fields})
    assert answer["error"]["param"].startswith(named)
    assert not recorder.requests


async def test_what_is_not_kept_is_explained(at: At):
    answer = await respond(at, previous_response_id="resp_1")
    assert "Nothing is kept here" in answer["error"]["message"]


async def test_the_official_client_calls_a_function_and_goes_on(calls: At):
    async with client(calls) as sdk:
        given: list[Any] = [{"role": "user", "content": "weather?"}]
        tools: Any = [{**FLAT_TOOL, "strict": True}]
        first = await sdk.responses.create(model="calls", input=given, tools=tools)
        assert first.output_text == "Let me look."
        call = first.output[1]
        assert isinstance(call, ResponseFunctionToolCall)
        recorder = record(calls, "calls")
        given += first.output
        given.append({"type": "function_call_output", "call_id": call.call_id, "output": "27"})
        second = await sdk.responses.create(model="calls", input=given, tools=tools)
    assert second.output_text == "ok"
    roles = [message.role for message in recorder.last.messages]
    assert roles == ["user", "assistant", "tool"]
    assert recorder.last.messages[1].tool_calls[0]["id"] == call.call_id
    assert recorder.last.tools[0]["function"]["strict"] is True


async def test_the_official_client_follows_a_stream(calls: At):
    async with (
        client(calls) as sdk,
        sdk.responses.stream(
            model="calls",
            input="two cities",
            tools=[FLAT_TOOL],  # type: ignore[list-item]
        ) as stream,
    ):
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert kinds[-1] == "response.completed"
    cities = [json.loads(call.arguments)["city"] for call in final.output]  # type: ignore[union-attr]
    assert cities == ["Accra", "Lomé"]


async def test_the_official_client_dumps_an_answer_that_can_be_sent_back(calls: At):
    async with client(calls) as sdk:
        for question in ("weather?", "think"):
            first = await sdk.responses.create(model="calls", input=question)
            items = [item.model_dump(by_alias=True) for item in first.output]
            given: Any = [*items, {"role": "user", "content": "Go on."}]
            assert (await sdk.responses.create(model="calls", input=given)).output_text


async def test_a_format_comes_back_as_it_was_asked(at: At):
    record(at)
    wanted = {"type": "json_schema", "name": "place", "schema": PARAMETERS, "strict": True}
    answer = await respond(at, text={"format": wanted})
    assert answer["text"]["format"] == wanted
