"""`/v1/completions`, over the wire; the official package reads it."""

from typing import Any

import openai
import pytest
from tests.serve.recording import record
from tests.serve.running import At
from tests.serve.sse import events, joined


async def complete(at: At, **fields: Any) -> Any:
    async with await at.post("/v1/completions", {"model": "echo", **fields}) as response:
        return await (response.text() if fields.get("stream") else response.json())


async def test_a_prompt_reaches_the_engine_bare_with_the_legacy_limit(at: At):
    recorder = record(at)
    answer = await complete(at, prompt="Once upon")
    assert (recorder.last.prompt, recorder.last.messages) == ("Once upon", ())
    assert recorder.last.max_tokens == 16
    assert answer["object"] == "text_completion"
    assert answer["choices"][0]["text"] == "ok"
    assert answer["sprat"]["model"] == "echo"


async def test_choices_go_through_the_prompts_in_order(at: At):
    recorder = record(at)
    answer = await complete(at, prompt=["A", "B"], n=2, echo=True, seed=5)
    texts = [(choice["index"], choice["text"]) for choice in answer["choices"]]
    assert texts == [(0, "Aok"), (1, "Aok"), (2, "Bok"), (3, "Bok")]
    asked = [(request.prompt, request.seed) for request in recorder.requests]
    assert asked == [("A", 5), ("A", 6), ("B", 5), ("B", 6)]
    assert answer["usage"]["prompt_tokens"] == 2
    assert answer["usage"]["completion_tokens"] == 4


async def test_a_stream_joined_is_the_same_text(at: At):
    whole = await complete(at, prompt=["Hi", "Ho"], echo=True)
    chunks = events(await complete(at, prompt=["Hi", "Ho"], echo=True, stream=True))
    for index, choice in enumerate(whole["choices"]):
        assert joined(chunks, index, "text") == choice["text"]
    ends = [chunk["sprat"]["model"] for chunk in chunks if "sprat" in chunk]
    assert ends == ["echo", "echo"]


async def test_the_count_comes_last_and_is_null_before(at: At):
    options = {"include_usage": True}
    chunks = events(await complete(at, prompt="Hi", stream=True, stream_options=options))
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 3


async def test_log_probabilities_stand_in_four_lists_of_one_length(at: At):
    answer = await complete(at, prompt="Hi", logprobs=1)
    told = answer["choices"][0]["logprobs"]
    assert told["tokens"] == ["Hello", " there,", " friend."]
    assert told["token_logprobs"] == [-0.1, -0.2, -0.3]
    assert told["text_offset"] == [0, 5, 12]
    assert told["top_logprobs"][0] == {"Hello": -0.1}
    text = answer["choices"][0]["text"]
    assert all(
        text.startswith(token, at)
        for token, at in zip(told["tokens"], told["text_offset"], strict=True)
    )


async def test_offsets_go_on_from_chunk_to_chunk(at: At):
    chunks = events(await complete(at, prompt="Hi", logprobs=0, stream=True))
    told = [c["logprobs"] for chunk in chunks for c in chunk["choices"] if c["logprobs"]]
    assert [offset for entry in told for offset in entry["text_offset"]] == [0, 5, 12]
    assert {entry["top_logprobs"] for entry in told} == {None}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"prompt": [1, 2]}, "prompt[0]"),
        ({"prompt": [[1, 2]]}, "prompt[0]"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["x"] * 9}, "prompt"),
        ({"prompt": ["x"] * 3, "n": 3}, "n"),
        ({"prompt": "x", "logprobs": 6}, "logprobs"),
        ({"prompt": "x", "logprobs": 1, "echo": True}, "echo"),
        ({"prompt": "x", "best_of": 2}, "best_of"),
        ({"prompt": "x", "max_tokens": 0}, "max_tokens"),
        ({}, "prompt"),
    ],
)
async def test_what_cannot_be_honoured_is_named(at: At, fields: dict[str, Any], named: str):
    answer = await complete(at, **fields)
    assert answer["error"]["param"] == named
    assert answer["error"]["type"] == "invalid_request_error"


async def test_the_official_client_reads_a_completion_and_a_stream(at: At):
    async with openai.AsyncOpenAI(base_url=f"{at.url}/v1", api_key="none") as client:
        whole = await client.completions.create(model="echo", prompt="Hi", logprobs=2)
        assert whole.choices[0].text == "Hello there, friend."
        assert whole.choices[0].logprobs is not None
        assert whole.choices[0].logprobs.token_logprobs == [-0.1, -0.2, -0.3]
        stream = await client.completions.create(model="echo", prompt="Hi", stream=True)
        pieces = [chunk.choices[0].text async for chunk in stream]
    assert "".join(pieces) == whole.choices[0].text
