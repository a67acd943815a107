"""Whoever no longer wants an answer: its connection is closed at once, wherever it was."""

import asyncio
from contextlib import suppress

import pytest
from tests.engines.endpoint import hello
from tests.engines.stub_server import Stub, failure, head, part, piece, stream

from sprat.engines.base import ask
from sprat.engines.openai import OpenAIEngine
from sprat.types import Delta, Reply

AT_ONCE_S = 4.0  # 0.25 s is promised; the rest is for a machine that does much else

PLACES = {
    "before the head": [30.0],
    "inside the head": [head()[:20], 30.0],
    "before the first byte": [head(), 30.0],
    "before the first event": [head(), part(b": ping\n\n"), 30.0],
    "in the middle": [head(), piece("a"), 30.0],
    "inside a piece": [head(), piece("a"), piece("b")[:10], 30.0],
    "in one JSON": [head(content_type="application/json", length=99), b'{"choi', 30.0],
    "in a refusal": [head("400 Bad", "text/plain", length=99), b"no, bec", 30.0],
    "after the finish reason": [head(), piece("a"), piece(finish="stop"), 30.0],
}


@pytest.mark.parametrize("place", PLACES)
async def test_cancelling_hangs_up(stub: Stub, engine: OpenAIEngine, place: str):
    stub.answers(PLACES[place])
    task = asyncio.create_task(ask(engine, hello()))
    await stub.asked.wait()
    await asyncio.sleep(0.1)  # so that it has come as far as it can
    task.cancel()
    async with asyncio.timeout(AT_ONCE_S):
        with suppress(asyncio.CancelledError):
            await task
        await stub.dropped.wait()
    assert task.cancelled()


async def test_closing_the_iterator_hangs_up(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("a"), 30.0, piece("b")])
    answer = engine.stream(hello())
    assert isinstance(await anext(answer), Delta)
    async with asyncio.timeout(AT_ONCE_S):
        await answer.aclose()
        await stub.dropped.wait()


async def test_closing_the_iterator_hangs_up_though_more_has_come(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("a") + piece("b") + piece("c"), 30.0])
    answer = engine.stream(hello())
    assert isinstance(await anext(answer), Delta)
    async with asyncio.timeout(AT_ONCE_S):
        await answer.aclose()
        await stub.dropped.wait()


async def test_cancelling_during_the_pause_before_a_retry_asks_no_more(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers(failure("503 Busy", "wait", "Retry-After: 0.5\r\n"), stream(piece("x")))
    task = asyncio.create_task(ask(engine, hello()))
    await stub.asked.wait()
    await asyncio.sleep(0.1)
    task.cancel()
    async with asyncio.timeout(AT_ONCE_S):
        with suppress(asyncio.CancelledError):
            await task
    await asyncio.sleep(0.6)
    assert len(stub.requests) == 1


async def test_hanging_up_harms_no_other_answer(stub: Stub, engine: OpenAIEngine):
    slow = stream(piece("a"), 0.3, piece("b"))
    stub.answers(slow, PLACES["in the middle"], slow)
    asked: list[asyncio.Task[Reply]] = []
    for number in range(1, 4):  # one after the other: so the stub's answers are given out
        asked.append(asyncio.create_task(ask(engine, hello())))
        async with asyncio.timeout(20):
            while len(stub.requests) < number:  # noqa: ASYNC110 - no event tells of each
                await asyncio.sleep(0.005)
    first, second, third = asked
    second.cancel()
    assert [(await first).text, (await third).text] == ["ab", "ab"]
