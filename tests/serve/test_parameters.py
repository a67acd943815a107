"""No parameter is silently ignored: the official package's types say which ones there are."""

import json
from typing import Any

import msgspec
import pytest
from openai.types import completion_create_params, embedding_create_params
from openai.types.chat import completion_create_params as chat_create_params
from openai.types.responses import response_create_params
from tests.serve.recording import embeds, record
from tests.serve.running import At
from tests.serve.tools import FLAT_TOOL, PARAMETERS, TOOL

from sprat.serve.wire import chat, completions, embeddings, responses
from sprat.types import ChatRequest, Message, Prediction, ResponseFormat

CHAT, TEXT, RESPONSES, EMBEDDINGS = (
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/embeddings",
)
PLAIN: dict[str, dict[str, Any]] = {
    CHAT: {"model": "echo", "messages": [{"role": "user", "content": "Hi"}]},
    TEXT: {"model": "echo", "prompt": "Hi"},
    RESPONSES: {"model": "echo", "input": "Hi"},
    EMBEDDINGS: {"model": "all-minilm-l6-v2", "input": "Hi"},
}
TYPES: dict[str, list[Any]] = {
    CHAT: [
        chat_create_params.CompletionCreateParamsNonStreaming,
        chat_create_params.CompletionCreateParamsStreaming,
    ],
    TEXT: [
        completion_create_params.CompletionCreateParamsNonStreaming,
        completion_create_params.CompletionCreateParamsStreaming,
    ],
    RESPONSES: [
        response_create_params.ResponseCreateParamsNonStreaming,
        response_create_params.ResponseCreateParamsStreaming,
    ],
    EMBEDDINGS: [embedding_create_params.EmbeddingCreateParams],
}
BODIES: dict[str, Any] = {
    CHAT: chat.ChatBody,
    TEXT: completions.CompletionBody,
    RESPONSES: responses.ResponseBody,
    EMBEDDINGS: embeddings.EmbeddingBody,
}

SCHEMA = {"name": "place", "schema": PARAMETERS, "description": "A place."}
SHAPE = ResponseFormat("json_schema", schema={"description": "A place.", **PARAMETERS})
SAMPLED: dict[str, tuple[Any, str, Any]] = {
    "temperature": (0.5, "temperature", 0.5),
    "top_p": (0.25, "top_p", 0.25),
    "seed": (7, "seed", 7),
    "stop": (["x", "y"], "stop", ("x", "y")),
    "presence_penalty": (1.5, "presence_penalty", 1.5),
    "frequency_penalty": (-1.5, "frequency_penalty", -1.5),
    "logit_bias": ({"5": -100}, "logit_bias", {5: -100.0}),
}
REACHES: dict[str, dict[str, tuple[Any, str, Any]]] = {
    CHAT: {
        **SAMPLED,
        "messages": (
            [{"role": "developer", "content": "Be brief."}],
            "messages",
            (Message("system", "Be brief."),),
        ),
        "max_tokens": (5, "max_tokens", 5),
        "max_completion_tokens": (6, "max_tokens", 6),
        "logprobs": (True, "logprobs", 0),
        "top_logprobs": (4, "logprobs", 4),
        "response_format": (
            {"type": "json_schema", "json_schema": SCHEMA},
            "response_format",
            SHAPE,
        ),
        "tools": ([TOOL], "tools", (TOOL,)),
        "tool_choice": ("required", "tool_choice", "required"),
        "parallel_tool_calls": (False, "parallel_tool_calls", False),
        "reasoning_effort": ("low", "reasoning_effort", "low"),
        "prediction": (
            {"type": "content", "content": [{"type": "text", "text": t} for t in ("a ", "b")]},
            "prediction",
            Prediction(text="a b"),
        ),
    },
    TEXT: {
        **SAMPLED,
        "prompt": ("Once", "prompt", "Once"),
        "max_tokens": (5, "max_tokens", 5),
        "logprobs": (4, "logprobs", 4),
    },
    RESPONSES: {
        "input": ("Once", "messages", (Message("user", "Once"),)),
        "instructions": (
            "Be brief.",
            "messages",
            (Message("system", "Be brief."), Message("user", "Hi")),
        ),
        "temperature": SAMPLED["temperature"],
        "top_p": SAMPLED["top_p"],
        "max_output_tokens": (5, "max_tokens", 5),
        "include": (["message.output_text.logprobs"], "logprobs", 0),
        "top_logprobs": (4, "logprobs", 4),
        "text": ({"format": {"type": "json_schema", **SCHEMA}}, "response_format", SHAPE),
        "tools": ([FLAT_TOOL], "tools", (TOOL,)),
        "tool_choice": ({"type": "function", "name": "weather"}, "tool_choice", "function:weather"),
        "parallel_tool_calls": (False, "parallel_tool_calls", False),
        "reasoning": ({"effort": "low"}, "reasoning_effort", "low"),
    },
}
"""Parameter → a value, and the field of the engine's request that it changes, and to what."""

NEEDS: dict[tuple[str, str], dict[str, Any]] = {
    (CHAT, "top_logprobs"): {"logprobs": True},
    (CHAT, "tool_choice"): {"tools": [TOOL]},
    (CHAT, "parallel_tool_calls"): {"tools": [TOOL]},
    (RESPONSES, "top_logprobs"): {"include": ["message.output_text.logprobs"]},
    (RESPONSES, "tool_choice"): {"tools": [FLAT_TOOL]},
    (RESPONSES, "parallel_tool_calls"): {"tools": [FLAT_TOOL]},
}

SHOWS: dict[str, set[str]] = {
    CHAT: {"model", "n", "stream", "stream_options", "user", "safety_identifier"},
    TEXT: {"model", "n", "stream", "stream_options", "user", "echo"},
    RESPONSES: {"model", "stream", "user", "safety_identifier", "metadata"},
    EMBEDDINGS: {"model", "input", "encoding_format", "dimensions", "user"},
}
"""Honoured otherwise than by the engine's request: tests below, and of each API, show how."""

_CACHE = {"prompt_cache_key": "k", "prompt_cache_options": {}, "prompt_cache_retention": "24h"}
REFUSED: dict[str, dict[str, Any]] = {
    CHAT: {
        **_CACHE,
        "audio": {"voice": "alloy", "format": "wav"},
        "function_call": "auto",
        "functions": [{"name": "f"}],
        "metadata": {"a": "b"},
        "modalities": ["text", "audio"],
        "moderation": {"model": "m"},
        "service_tier": "flex",
        "store": True,
        "verbosity": "low",
        "web_search_options": {},
    },
    TEXT: {"best_of": 3, "suffix": "x"},
    RESPONSES: {
        **_CACHE,
        "access_programs": {},
        "background": True,
        "background_options": {},
        "context_management": [],
        "conversation": "conv_1",
        "image": {},
        "max_tool_calls": 1,
        "moderation": {"model": "m"},
        "previous_response_id": "resp_1",
        "prompt": {"id": "p"},
        "service_tier": "flex",
        "store": True,
        "stream_options": {"include_obfuscation": True},
        "truncation": "auto",
    },
    EMBEDDINGS: {},
}
"""Parameters that are refused with this value; only one that changes nothing is taken."""


def inherited(path: str) -> set[str]:
    return {
        name for kind in TYPES[path] for name in kind.__required_keys__ | kind.__optional_keys__
    }


@pytest.mark.parametrize("path", PLAIN)
def test_every_parameter_of_the_official_package_is_honoured_or_refused(path: str):
    known = [set(REACHES.get(path, {})), SHOWS[path], set(REFUSED[path])]
    assert inherited(path) == set.union(*known)
    assert sum(map(len, known)) == len(set.union(*known))


@pytest.mark.parametrize("path", PLAIN)
def test_nothing_else_is_taken(path: str):
    assert {field.encode_name for field in msgspec.structs.fields(BODIES[path])} <= inherited(path)


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in REFUSED for name in REFUSED[path]]
)
async def test_what_is_not_offered_is_refused_by_name(at: At, path: str, name: str):
    recorder = record(at)
    async with await at.post(path, PLAIN[path] | {name: REFUSED[path][name]}) as response:
        answer = await response.json()
    assert response.status == 400, answer
    assert answer["error"]["param"].partition(".")[0] == name
    assert name in answer["error"]["message"]
    assert answer["error"]["type"] == "invalid_request_error"
    assert not recorder.requests


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in REACHES for name in REACHES[path]]
)
async def test_what_is_honoured_reaches_the_engine(at: At, path: str, name: str):
    recorder = record(at)
    value, field, expected = REACHES[path][name]
    needed = PLAIN[path] | NEEDS.get((path, name), {})
    plain, asked = await sent(at, path, needed), await sent(at, path, needed | {name: value})
    assert (plain, asked) == (200, 200)
    before, after = recorder.requests[0], recorder.last
    assert getattr(after, field) == expected
    assert getattr(before, field) != expected


@pytest.mark.parametrize("path", REACHES)
async def test_null_is_the_same_as_absent(at: At, path: str):
    recorder = record(at)
    nulls = {
        field.encode_name: None
        for field in msgspec.structs.fields(BODIES[path])
        if field.encode_name not in PLAIN[path]
    }
    assert len(nulls) > 8
    assert await sent(at, path, PLAIN[path]) == 200
    plain: ChatRequest = recorder.last
    assert await sent(at, path, PLAIN[path] | nulls) == 200
    assert recorder.last == plain


@pytest.mark.parametrize("path", PLAIN)
async def test_who_asks_decides_whose_turn_it_is(
    at: At, path: str, monkeypatch: pytest.MonkeyPatch
):
    record(at)
    embeds(at)
    callers: list[str] = []
    from sprat.serve.models.places import Places

    original = Places.take

    async def take(self: Places, caller: str) -> int:
        callers.append(caller)
        return await original(self, caller)

    monkeypatch.setattr(Places, "take", take)
    for name in SHOWS[path] & {"user", "safety_identifier"}:
        callers.clear()
        assert await sent(at, path, PLAIN[path] | {name: "ann"}) == 200
        assert callers == ["ann"]


async def test_what_an_engine_refuses_is_named_in_the_words_of_the_api(at: At):
    from sprat.errors import ContextTooLong, UnsupportedRequest

    recorder = record(at)

    def failing(error: Exception) -> Any:
        async def stream(request: ChatRequest) -> Any:
            recorder.requests.append(request)
            raise error
            yield

        return stream

    for path, long, shape in (
        (CHAT, "messages", "response_format"),
        (TEXT, "prompt", "response_format"),
        (RESPONSES, "input", "text.format"),
    ):
        recorder.stream = failing(ContextTooLong("Too long."))  # type: ignore[method-assign]
        assert await param(at, path) == long
        refused = UnsupportedRequest("No.", param="response_format")
        recorder.stream = failing(refused)  # type: ignore[method-assign]
        assert await param(at, path) == shape


async def sent(at: At, path: str, body: dict[str, Any]) -> int:
    async with await at.post(path, body) as response:
        if response.status != 200:
            raise AssertionError(await response.text())
        return response.status


async def param(at: At, path: str) -> str:
    async with await at.post(path, PLAIN[path]) as response:
        assert response.status == 400
        return json.loads(await response.text())["error"]["param"]
