"""`/v1/chat/completions`, over the wire."""

import json

from tests.serve.running import At


async def test_an_answer_says_which_model_gave_it_and_what_it_took(at: At):
    answer = await at.chat()
    assert answer["choices"][0]["message"]["content"] == "Hello there, friend."
    assert answer["usage"]["completion_tokens"] == 3
    assert answer["sprat"]["model"] == "echo"
    assert answer["sprat"]["timing"]["total_s"] > 0


async def test_a_stream_joined_is_the_same_text(at: At):
    text = await at.chat(stream=True)
    events = [line.removeprefix("data: ") for line in text.splitlines() if line]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    pieces = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert "".join(pieces) == "Hello there, friend."
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["sprat"]["model"] == "echo"


async def test_an_unknown_parameter_is_named(at: At):
    answer = await at.chat(top_k=3)
    assert answer["error"]["param"] == "top_k"


async def test_an_error_halfway_is_an_event_of_its_own(at: At):
    text = await at.chat("break it", stream=True)
    last = json.loads(text.strip().splitlines()[-1].removeprefix("data: "))
    assert last["error"]["code"] == "engine_died"
    assert "[DONE]" not in text
