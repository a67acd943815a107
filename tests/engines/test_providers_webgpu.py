"""WebGPU on a software adapter: the processor's own answers, from a cache on the device."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.engines.adapter import imitate
from tests.engines.tiny import build

from sprat.engines.base import ask
from sprat.engines.onnx import OnnxEngine, choice
from sprat.engines.onnx.report import Report
from sprat.settings import OnnxSettings, Settings
from sprat.types import ChatRequest, Message, Reply


@pytest.fixture(autouse=True)
def adapter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    imitate(monkeypatch, tmp_path)


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with 4-bit weights, as real ones have."""
    return build(tmp_path_factory.mktemp("four") / "model", bits=4)


def request(text: str, most: int) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), max_tokens=most, logprobs=0)


async def answered(folder: Path, provider: str, *asked: ChatRequest) -> list[Reply]:
    engine = OnnxEngine("tiny", folder, provider=provider, threads=1, reuse_prefix=True)
    try:
        load = await engine.warm()
        assert load.provider == provider
        assert load.nodes is not None
        assert load.nodes[provider] > sum(load.nodes.values()) / 2
        return list(await asyncio.gather(*(ask(engine, one) for one in asked)))
    finally:
        await engine.aclose()


async def test_answers_are_the_processor_s_token_for_token(tiny: Path):
    asked = (
        request("the quick brown fox", 12),
        request("hello " * 60, 12),  # more than one piece
        request("over the lazy dog", 90),  # the cache grows meanwhile
    )
    right = await answered(tiny, "cpu", *asked)
    found = await answered(tiny, "webgpu", *asked)
    for mine, theirs in zip(found, right, strict=True):
        assert mine.text == theirs.text
        assert mine.usage.output_tokens == theirs.usage.output_tokens
        assert [e.logprob for e in mine.logprobs or ()] == pytest.approx(
            [e.logprob for e in theirs.logprobs or ()], abs=1e-3
        )


async def test_a_prefix_that_is_known_is_not_read_again(tiny: Path):
    engine = OnnxEngine("tiny", tiny, provider="webgpu", threads=1, reuse_prefix=True)
    try:
        first = await ask(engine, request("hello " * 10, 4))
        second = await ask(engine, request("hello " * 10, 4))
    finally:
        await engine.aclose()
    assert second.usage.cached_tokens > 10
    assert second.text == first.text


def wanting(settings: Settings, provider: str) -> Settings:
    return Settings(home=settings.home, onnx=OnnxSettings(provider=provider, threads=1))


def test_it_passes_the_canary_once_and_that_is_remembered(four: Path, settings: Settings):
    lines: list[str] = []

    def hear(stage: str, done: int, total: int | None) -> None:
        lines.append(stage)

    wanted = wanting(settings, "webgpu")
    assert choice.settle(four, wanted, hear) == "webgpu"
    (kept,) = settings.trials_dir.iterdir()
    report = msgspec.json.decode(kept.read_bytes(), type=Report)
    assert report.outcome == "passed"
    assert report.share is not None
    assert report.share > 0.5

    changed = msgspec.structs.replace(report, outcome="differs", why="3 of 9 tokens")
    kept.write_bytes(msgspec.json.encode(changed))
    assert choice.settle(four, wanted, hear) == "webgpu"
    assert "3 of 9 tokens" in lines[-1]  # read, not computed again

    kept.write_bytes(b"{")
    assert choice.settle(four, wanted, hear) == "webgpu"
    assert msgspec.json.decode(kept.read_bytes(), type=Report) == report


def test_auto_leaves_a_card_that_the_processor_imitates(four: Path, settings: Settings):
    lines: list[str] = []
    chosen = choice.settle(four, wanting(settings, "auto"), lambda stage, *_: lines.append(stage))
    assert chosen == "cpu"
    assert "imitates" in lines[0]
