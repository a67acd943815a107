"""A gateway behind a gateway: what one writes the other's engine reads, and writes again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.serve.recording import embeds, record
from tests.serve.running import At, gateway, serving
from tests.serve.sse import events
from tests.serve.tools import WEATHER
from tests.serve.transcripts import CASES

NOT_PASSED_ON = ("error", "failed", "prediction")
"""What fails; and endpoints are given no prediction."""
ANSWERED = [name for name in CASES if not any(word in name for word in NOT_PASSED_ON)]
"""What came before an error in the same packet may be told or not: those streams may differ."""


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[At, At]]:
    """The near one, whose `far/…` are the models of the other."""
    for name in ("far", "near"):
        (tmp_path / name).mkdir()
    async with gateway(serving(tmp_path / "far", {"calls": WEATHER})) as far:
        endpoints = {"far": f"{far.url}/v1"}
        async with gateway(serving(tmp_path / "near", endpoints=endpoints)) as near:
            yield near, far


async def asked(at: At, path: str, body: dict[str, Any]) -> Any:
    async with await at.post(path, body) as response:
        if "event-stream" in response.headers["content-type"]:
            return events(await response.text())
        return await response.json()


@pytest.mark.parametrize("name", ANSWERED)
async def test_a_stream_is_the_same_through_one_gateway_and_through_two(
    both: tuple[At, At], name: str
):
    near, far = both
    path, body = CASES[name]
    through = body | {"model": f"far/{body['model']}"}
    assert told(await asked(near, path, through)) == told(await asked(far, path, body))


@pytest.mark.parametrize("name", ANSWERED)
async def test_a_whole_answer_is_the_same_too(both: tuple[At, At], name: str):
    near, far = both
    path, body = CASES[name]
    body = {key: value for key, value in body.items() if not key.startswith("stream")}
    through = body | {"model": f"far/{body['model']}"}
    assert told(await asked(near, path, through)) == told(await asked(far, path, body))


async def test_vectors_pass_through(both: tuple[At, At]):
    near, far = both
    fake = embeds(far)
    body = {"model": "far/all-minilm-l6-v2", "input": ["one", "three"], "dimensions": 3}
    through = await asked(near, "/v1/embeddings", body)
    assert fake.dimensions == 3
    direct = await asked(far, "/v1/embeddings", body | {"model": "all-minilm-l6-v2"})
    assert [entry["embedding"] for entry in through["data"]] == [
        entry["embedding"] for entry in direct["data"]
    ]
    assert through["usage"] == direct["usage"]


async def test_what_is_asked_passes_through(both: tuple[At, At]):
    near, far = both
    recorder = record(far)
    body = {
        "model": "far/echo",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_completion_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.25,
        "seed": 7,
        "stop": ["x"],
        "presence_penalty": 1.5,
        "frequency_penalty": -1.5,
        "logit_bias": {"5": -100},
        "logprobs": True,
        "top_logprobs": 3,
        "reasoning_effort": "low",
        "response_format": {"type": "json_object"},
    }
    await asked(near, "/v1/chat/completions", body)
    first = recorder.last
    await asked(far, "/v1/chat/completions", body | {"model": "echo"})
    assert first == recorder.last


_OWN = {"id", "item_id", "created", "created_at", "completed_at", "model", "sprat"}


def told(answer: Any) -> Any:
    """All but what each gateway says of itself, and how the pieces were cut."""
    if isinstance(answer, list):
        return [told(one) for one in answer]
    if isinstance(answer, dict):
        return {key: told(value) for key, value in answer.items() if key not in _OWN}
    return answer
