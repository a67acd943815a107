"""A model in Foundry Local behind the gateway, on the real native runtime."""

from pathlib import Path

import pytest
from tests.engines.tiny import build
from tests.serve.running import gateway, serving

from sprat.engines.foundry.catalogue import register
from sprat.models.names import OnnxFolder
from sprat.settings import Settings


@pytest.fixture
def holding(tmp_path: Path) -> Settings:
    """Settings of a gateway whose Foundry Local holds a small random model."""
    settings = serving(tmp_path)
    register(OnnxFolder(build(tmp_path / "tiny"), "tiny"), settings)
    return settings


async def test_it_is_listed_and_answers_whole_and_streamed(holding: Settings):
    async with gateway(holding) as at:
        async with await at.get("/v1/models") as response:
            listed = [model["id"] for model in (await response.json())["data"]]
        assert "foundry:tiny" in listed
        asked = {"model": "foundry:tiny", "max_tokens": 6, "temperature": 0}
        whole = await at.chat("the quick brown fox", **asked)
        assert whole["usage"]["completion_tokens"] == 6
        assert whole["choices"][0]["finish_reason"] == "length"
        streamed = await at.chat("the quick brown fox", stream=True, **asked)
        assert streamed.rstrip().endswith("data: [DONE]")


async def test_what_it_cannot_honour_is_refused_by_name(holding: Settings):
    async with gateway(holding) as at:
        refused = (await at.chat(model="foundry:tiny", logprobs=True))["error"]
        assert refused["param"] == "logprobs"
        assert "Foundry Local cannot honour" in refused["message"]
