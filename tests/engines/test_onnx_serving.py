"""The local engine as a gateway uses it: conversations that grow, company, and people who leave."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from sprat.door import open_engine
from sprat.engines.base import Engine, ask
from sprat.engines.onnx import OnnxEngine
from sprat.measure.clock import now_ns
from sprat.settings import Settings
from sprat.types import ChatRequest, Message, Reply

WORDS = ["sea", "ship", "blue", "fish", "wave", "the", "fox"]


def said(*texts: str, **fields) -> ChatRequest:
    roles = ("user", "assistant")
    messages = tuple(Message(roles[at % 2], text) for at, text in enumerate(texts))
    return ChatRequest(messages=messages, **{"max_tokens": 12} | fields)


async def conversation(engine: Engine, topic: str, turns: int) -> list[Reply]:
    """Ask on and on, each time with everything before."""
    texts, replies = [f"{topic}."], []
    for turn in range(turns):
        replies.append(await ask(engine, said(*texts)))
        texts += [replies[-1].text, f"{WORDS[turn]} {topic}?"]
    return replies


@pytest_asyncio.fixture
async def reusing(tiny: Path) -> AsyncIterator[OnnxEngine]:
    """The random model's engine, which remembers prompts."""
    engine = OnnxEngine("reusing", tiny, threads=1, reuse_prefix=True)
    yield engine
    await engine.aclose()


async def test_a_growing_conversation_is_answered_alike_with_and_without_reuse(
    local: OnnxEngine, reusing: OnnxEngine
):
    plain = await conversation(local, "fox", 4)
    quick = await conversation(reusing, "fox", 4)
    assert [reply.text for reply in quick] == [reply.text for reply in plain]
    assert all(reply.usage.cached_tokens for reply in quick[1:])


async def test_four_growing_conversations_at_once_are_answered_alike(
    local: OnnxEngine, reusing: OnnxEngine
):
    topics = ["fox", "sea", "blue", "ship"]
    lone = [[r.text for r in await conversation(local, topic, 4)] for topic in topics]
    together = await asyncio.gather(*[conversation(reusing, topic, 4) for topic in topics])
    assert [[reply.text for reply in replies] for replies in together] == lone


async def test_people_who_leave_at_any_moment_disturb_nobody(
    local: OnnxEngine, reusing: OnnxEngine
):
    chance = random.Random(5)
    expected = [reply.text for reply in await conversation(local, "fox", 4)]

    async def leaver(number: int) -> None:
        asked = said(" ".join(chance.choices(WORDS, k=number % 60 + 1)), max_tokens=60)
        task = asyncio.ensure_future(ask(reusing, asked))
        await asyncio.sleep(chance.random() * 0.03)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for _ in range(3):
        staying = asyncio.ensure_future(conversation(reusing, "fox", 4))
        await asyncio.gather(*[leaver(number) for number in range(40)])
        assert [reply.text for reply in await staying] == expected


async def test_many_requests_do_not_make_the_worker_grow(reusing: OnnxEngine):
    chance = random.Random(2)

    async def some(count: int) -> int:
        for _ in range(count):
            text = " ".join(chance.choices(WORDS, k=chance.randint(2, 60)))
            await ask(reusing, said(text, max_tokens=chance.randint(1, 8), presence_penalty=0.5))
        return psutil.Process(reusing.pids[0]).memory_info().rss

    await some(120)
    before = await some(30)
    assert await some(300) < before * 1.05


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(real_settings: Settings) -> AsyncIterator[Engine]:
    """SmolLM2, loaded."""
    engine = open_engine("smollm2-135m", real_settings, reuse_prefix=True)
    await engine.warm()
    yield engine
    await engine.aclose()


LONG = "word " * 4000


@pytest.mark.real
@pytest.mark.asyncio(loop_scope="module")
class TestReal:
    """On real weights: a prompt takes seconds, so what happens meanwhile can be seen."""

    async def test_a_long_prompt_that_is_cancelled_frees_the_model_at_once(self, real: Engine):
        freed_s: list[float] = []
        for wait_s in (0.3, 0.8, 1.3):
            task = asyncio.ensure_future(ask(real, said(f"{wait_s} {LONG}")))
            await asyncio.sleep(wait_s)
            task.cancel()
            at = now_ns()
            await asyncio.gather(task, return_exceptions=True)
            following = await ask(real, said("Hi", max_tokens=1))
            assert following.timing.started_ns is not None
            freed_s.append((following.timing.started_ns - at) / 1e9)
        assert min(freed_s) < 0.25
        assert max(freed_s) < 2  # other work on the machine aside

    async def test_an_answer_goes_on_beside_a_long_prompt(self, real: Engine):
        async with aclosing(real.stream(said("Tell a story.", max_tokens=24))) as pieces:
            await anext(pieces)
            other = asyncio.ensure_future(ask(real, said(LONG, max_tokens=1)))
            rest = [piece async for piece in pieces]
            assert not other.done()
            other.cancel()
        reply = rest[-1]
        assert isinstance(reply, Reply)
        gaps_ns = [late - early for early, late in pairwise(reply.timing.chunks_ns)]
        assert sorted(gaps_ns)[len(gaps_ns) // 2] < 2e9

    async def test_four_at_once_are_quicker_than_one_after_another(self, real: Engine):
        asked = [said(f"Write about the {word}.", max_tokens=48) for word in WORDS[:4]]
        ratios: list[float] = []
        for _ in range(2):
            start = time.perf_counter()
            for one in asked:
                await ask(real, one)
            middle = time.perf_counter()
            await asyncio.gather(*[ask(real, one) for one in asked])
            ratios.append((time.perf_counter() - middle) / (middle - start))
        assert min(ratios) < 1
