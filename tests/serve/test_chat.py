"""`/v1/chat/completions`, over the wire: the answers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.serve.recording import record
from tests.serve.running import At, gateway, serving
from tests.serve.sse import events, joined
from tests.serve.tools import TOOL, WEATHER


@pytest.fixture
async def calls(tmp_path: Path) -> AsyncIterator[At]:
    """A gateway with `echo`, and `calls`, which calls functions."""
    async with gateway(serving(tmp_path, {"calls": WEATHER})) as here:
        yield here


def client(at: At) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{at.url}/v1", api_key="none", max_retries=0)


async def test_an_answer_says_which_model_gave_it_and_what_it_took(at: At):
    answer = await at.chat()
    assert answer["choices"][0]["message"]["content"] == "Hello there, friend."
    assert answer["usage"]["completion_tokens"] == 3
    assert answer["sprat"]["model"] == "echo"
    assert answer["sprat"]["timing"]["total_s"] > 0


async def test_a_stream_joined_is_the_same_text(at: At):
    chunks = events(await at.chat(stream=True))
    assert joined(chunks, 0, "content") == "Hello there, friend."
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["sprat"]["model"] == "echo"
    assert "usage" not in chunks[-1]


async def test_an_unknown_parameter_is_named(at: At):
    answer = await at.chat(top_k=3)
    assert answer["error"]["param"] == "top_k"
    assert answer["error"]["message"] == "top_k is no parameter here."


async def test_a_prediction_changes_no_answer_and_its_tokens_are_counted(at: At):
    async with client(at) as asked:
        answer = await asked.chat.completions.create(
            model="echo",
            messages=[{"role": "user", "content": "Hello"}],
            prediction={"type": "content", "content": "Hello there, you all."},
            n=2,
        )
    assert [choice.message.content for choice in answer.choices] == ["Hello there, friend."] * 2
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 6
    details = answer.usage.completion_tokens_details
    assert details is not None
    assert (details.accepted_prediction_tokens, details.rejected_prediction_tokens) == (4, 4)
    assert "completion_tokens_details" not in (await at.chat())["usage"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"content": ""}, 400), ({"content": []}, 400), ({}, 400), ({"type": "text"}, 400)],
)
async def test_a_prediction_of_nothing_is_named(at: At, fields: dict, status: int):
    async with await at.post(
        "/v1/chat/completions",
        {
            "model": "echo",
            "messages": [{"role": "user", "content": "Hello"}],
            "prediction": {"type": "content"} | fields,
        },
    ) as response:
        assert response.status == status
        assert (await response.json())["error"]["param"].startswith("prediction")


async def test_a_sampled_answer_with_a_prediction_is_refused(at: At):
    expected = {"type": "content", "content": "Hello"}
    answer = await at.chat(prediction=expected, temperature=1)
    assert answer["error"]["param"] == "prediction"


async def test_an_error_halfway_is_an_event_of_its_own(at: At):
    text = await at.chat("break it", stream=True)
    last = json.loads(text.strip().splitlines()[-1].removeprefix("data: "))
    assert last["error"]["code"] == "engine_died"
    assert "[DONE]" not in text


async def test_n_answers_are_counted_with_one_prompt(at: At):
    answer = await at.chat("Hello to all", n=3)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert answer["usage"] == answer["usage"] | {"prompt_tokens": 3, "completion_tokens": 9}


async def test_n_answers_have_each_a_seed_of_their_own(at: At):
    recorder = record(at)
    await at.chat(n=3, seed=40)
    assert sorted(request.seed or 0 for request in recorder.requests) == [40, 41, 42]
    await at.chat(n=2)
    assert [request.seed for request in recorder.requests[3:]] == [None, None]


async def test_n_streams_come_in_one_each_with_its_role_and_its_end(at: At):
    chunks = events(await at.chat(stream=True, n=2, stream_options={"include_usage": True}))
    for index in (0, 1):
        assert joined(chunks, index, "role") == "assistant"
        assert joined(chunks, index, "content") == "Hello there, friend."
        ends = [
            chunk
            for chunk in chunks
            for choice in chunk["choices"]
            if choice["index"] == index and choice["finish_reason"]
        ]
        assert len(ends) == 1
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 6
    assert {chunk["usage"] for chunk in chunks[:-1]} == {None}


async def test_log_probabilities_come_whole_and_chunk_by_chunk(at: At):
    whole = await at.chat(logprobs=True, top_logprobs=2)
    entries = whole["choices"][0]["logprobs"]["content"]
    assert [entry["token"] for entry in entries] == ["Hello", " there,", " friend."]
    assert bytes(entries[0]["bytes"]).decode() == "Hello"
    chunks = events(await at.chat(logprobs=True, top_logprobs=2, stream=True))
    streamed = [choice["logprobs"] for chunk in chunks for choice in chunk["choices"]]
    assert [entry for told in streamed if told for entry in told["content"]] == entries
    assert (await at.chat())["choices"][0]["logprobs"] is None


async def test_an_answer_of_calls_alone_has_no_content(calls: At):
    answer = await calls.chat("two cities", "calls", tools=[TOOL])
    (choice,) = answer["choices"]
    assert choice["message"]["content"] is None
    assert [call["id"] for call in choice["message"]["tool_calls"]] == ["call_1", "call_2"]
    assert choice["finish_reason"] == "tool_calls"


async def test_each_part_of_a_call_is_a_chunk_of_its_own(calls: At):
    chunks = events(await calls.chat("two cities", "calls", tools=[TOOL], stream=True))
    parts = [
        choice["delta"]["tool_calls"]
        for chunk in chunks
        for choice in chunk["choices"]
        if "tool_calls" in choice["delta"]
    ]
    assert {len(part) for part in parts} == {1}
    assert [part[0]["index"] for part in parts] == [0, 0, 1, 1]


async def test_thinking_stands_apart(calls: At):
    message = (await calls.chat("think", "calls"))["choices"][0]["message"]
    assert message["reasoning_content"] == "Two and two."
    assert message["content"] == "It is four."
    chunks = events(await calls.chat("think", "calls", stream=True))
    assert joined(chunks, 0, "reasoning_content") == "Two and two."


async def test_the_official_client_calls_functions_and_goes_on(calls: At):
    async with client(calls) as sdk:
        messages: list[Any] = [{"role": "user", "content": "two cities"}]
        tools: Any = [TOOL]
        first = await sdk.chat.completions.create(model="calls", messages=messages, tools=tools)
        said = first.choices[0].message
        messages.append(said.model_dump())  # with every None in it
        said_of = {"role": "tool", "content": "27 °C"}
        messages += [said_of | {"tool_call_id": call.id} for call in said.tool_calls or ()]
        recorder = record(calls, "calls")
        await sdk.chat.completions.create(model="calls", messages=messages, tools=tools)
    assert [turn.role for turn in recorder.last.messages] == ["user", "assistant", "tool", "tool"]
    assert [call["id"] for call in recorder.last.messages[1].tool_calls] == ["call_1", "call_2"]


async def test_the_official_client_puts_a_stream_of_calls_together(calls: At):
    async with (
        client(calls) as sdk,
        sdk.chat.completions.stream(
            model="calls",
            messages=[{"role": "user", "content": "two cities"}],
            tools=[TOOL],  # type: ignore[list-item]
        ) as stream,
    ):
        async for _ in stream:
            pass
        message = (await stream.get_final_completion()).choices[0].message
    told = [json.loads(call.function.arguments)["city"] for call in message.tool_calls or ()]
    assert told == ["Accra", "Lomé"]


async def test_an_answer_of_the_official_client_can_be_sent_back(calls: At):
    """With thinking in it, as the client keeps fields that it does not know."""
    async with client(calls) as sdk:
        first = await calls.chat("think", "calls")
        said: Any = openai.types.chat.ChatCompletionMessage(**first["choices"][0]["message"])
        messages: list[Any] = [said, {"role": "user", "content": "Hello"}]
        second = await sdk.chat.completions.create(model="calls", messages=messages)
    assert second.choices[0].message.content == "Sunny."


async def test_an_error_raises_in_the_official_client(at: At):
    async with client(at) as sdk:
        with pytest.raises(openai.BadRequestError) as raised:
            await sdk.chat.completions.create(model="echo", messages=[], seed=-1)
        assert raised.value.param in {"messages", "seed"}
        with pytest.raises(openai.NotFoundError):
            await sdk.chat.completions.create(
                model="nobody", messages=[{"role": "user", "content": "x"}]
            )
        stream = await sdk.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": "break"}], stream=True
        )
        with pytest.raises(openai.APIError, match="The script says so"):
            async for _ in stream:
                pass
