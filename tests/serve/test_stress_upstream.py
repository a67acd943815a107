"""Endpoints that die at every byte boundary, and ten times as many requests as there are places."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.engines.stub_server import (
    ABORT,
    CUT,
    DONE,
    END,
    Step,
    Stub,
    head,
    piece,
    stub_server,
    usage,
)
from tests.serve.rude import asking, connected, events, said, until
from tests.serve.running import At, gateway, serving

WHOLE: list[Step] = [head(), piece("", role="assistant"), piece("Hel"), piece("lo")]
WHOLE += [piece(finish="stop"), usage(7, 2), DONE, END]
FINISHED = 5
"""So many of them, and the answer is whole."""


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with stub_server() as made:
        yield made


async def outcome(at: At, *, stream: bool) -> str:
    """`whole`, `event` (an error after the first byte) or `status` (one before it)."""
    body = {
        "model": "up/m",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": stream,
    }
    async with asyncio.timeout(20), await at.post("/v1/chat/completions", body) as response:
        text = await response.text()
        if response.status != 200:
            assert response.status in {502, 503, 504}
            assert '"error"' in text
            return "status"
        if not stream:
            assert (await response.json())["choices"][0]["message"]["content"] == "Hello"
            return "whole"
        if "error" in events(text)[-1]:
            assert "Hello".startswith(said(text.rpartition("data: ")[0]))
            assert "[DONE]" not in text
            return "event"
        assert said(text) == "Hello"
        assert text.endswith("data: [DONE]\n\n")
        return "whole"


def balanced(at: At, asked: int) -> bool:
    ledger = at.gateway.ledger
    return ledger.accepted == asked == sum(ledger.outcomes.values())


@pytest.mark.parametrize("how", [CUT, ABORT])
@pytest.mark.parametrize("stream", [True, False])
async def test_an_endpoint_that_dies_at_any_boundary_is_an_explicit_outcome(
    tmp_path: Path, stub: Stub, how: str, stream: bool
):
    seen: list[str] = []
    async with gateway(serving(tmp_path, endpoints={"up": stub.url})) as at:
        for sent in range(len(WHOLE) + 1):
            stub.answers([*WHOLE[:sent], how])
            seen.append(await outcome(at, stream=stream))
        assert balanced(at, len(seen))
        assert at.gateway.ledger.outcomes["completed"] == seen.count("whole")
        assert at.gateway.ledger.outcomes["failed"] == len(seen) - seen.count("whole")
    broken = "event" if stream else "status"
    assert seen[0] == seen[1] == "status"
    assert set(seen[3:FINISHED]) == {broken}
    if how == CUT:  # a reset may overtake what was sent before it
        assert set(seen[FINISHED:]) == {"whole"}


async def test_a_death_inside_a_chunk_is_an_explicit_outcome(tmp_path: Path, stub: Stub):
    data = b"".join(part for part in WHOLE if isinstance(part, bytes))
    asked = 0
    async with gateway(serving(tmp_path, endpoints={"up": stub.url})) as at:
        for end in range(0, len(data), 7):
            stub.answers([data[:end], CUT])
            assert await outcome(at, stream=True) in {"whole", "event", "status"}
            asked += 1
        assert balanced(at, asked)


async def test_an_endpoint_that_dies_before_its_first_byte_is_asked_again(
    tmp_path: Path, stub: Stub
):
    async with gateway(serving(tmp_path, endpoints={"up": stub.url})) as at:
        stub.answers([CUT], WHOLE)
        assert await outcome(at, stream=True) == "whole"
        assert len(stub.requests) == 2
        assert balanced(at, 1)


async def _flood(at: At, caller: str, count: int) -> tuple[Counter[int], list[int]]:
    statuses: Counter[int] = Counter()
    waits: list[int] = []

    async def one() -> None:
        body: dict[str, Any] = {"model": "slow", "user": caller}
        body["messages"] = [{"role": "user", "content": "Hello"}]
        async with await at.post("/v1/chat/completions", body) as response:
            statuses[response.status] += 1
            answer = await response.json()
            if response.status != 200:
                waits.append(int(response.headers["Retry-After"]))
                assert answer["error"]["code"] in {"rate_limit_exceeded", "overloaded"}

    await asyncio.gather(*(one() for _ in range(count)))
    return statuses, waits


SLOW = '[[rule]]\ntext = "one two three"\ngap_ms = 30'


async def test_ten_times_too_much_is_answered_or_told_when_to_come_again(tmp_path: Path):
    settings = serving(tmp_path, {"slow": SLOW}, places=4, queue=16)
    async with gateway(settings) as at:
        (first, waits), (second, more) = await asyncio.gather(
            _flood(at, "one", 100), _flood(at, "two", 100)
        )
        statuses = first + second
        assert set(statuses) <= {200, 429, 503}
        assert statuses[200] >= 20
        assert len(waits + more) == 200 - statuses[200]
        assert all(1 <= wait <= 60 for wait in waits + more)
        assert balanced(at, 200)
        slot = at.gateway.answering.slots[0]
        assert (slot.places.taken, slot.places.waiting) == (0, 0)


async def test_who_comes_second_gets_as_much_of_a_full_line_as_who_filled_it(tmp_path: Path):
    settings = serving(tmp_path, {"slow": SLOW}, places=2, queue=10)
    async with gateway(settings) as at:
        greedy = asyncio.create_task(_flood(at, "greedy", 50))
        await until(lambda: bool(at.gateway.answering.slots))
        await until(lambda: at.gateway.ledger.accepted == 50)
        modest, _ = await _flood(at, "modest", 5)
        assert modest[200] == 5  # there is room for half of the line
        assert (await greedy)[0][429] >= 40


async def test_what_waits_is_served_when_those_before_it_go(tmp_path: Path, stub: Stub):
    stub.answers([head(), piece("Hel"), 30.0], WHOLE)
    settings = serving(tmp_path, endpoints={"up": stub.url}, remote_places=1)
    async with gateway(settings) as at:
        async with connected(at) as (reader, writer):
            writer.write(asking(at, "Hello", "up/m", stream=True))
            await reader.readuntil(b"Hel")
            waiting = asyncio.create_task(outcome(at, stream=False))
            await until(lambda: at.gateway.answering.slots[0].places.waiting == 1)
        assert await asyncio.wait_for(waiting, 10) == "whole"
