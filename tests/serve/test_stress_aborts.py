"""A thousand clients that go away: none leaves an answer behind, none harms another's."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.engines.tiny import build
from tests.serve.rude import abort, asking, connected, events, said, until
from tests.serve.running import At, gateway, serving
from tests.serve.upstream import text_of, upstream

ABORTS, WHOLE, RUDE, POLITE = 1000, 120, 24, 4
BOUND_S = 3.0  # of what would go on for 4 to 9 s; a tenth of a second on a quiet machine
"""0.25 s is the promise, and benchmarks measure it; here other work may hold the machine."""


def all_free(at: At) -> bool:
    """Whether nothing is under way, in line or in a place."""
    gateway = at.gateway
    return not gateway.ledger.open and all(
        (slot.places.taken, slot.places.waiting) == (0, 0) for slot in gateway.answering.slots
    )


def balanced(at: At) -> bool:
    ledger = at.gateway.ledger
    return ledger.accepted == sum(ledger.outcomes.values()) + len(ledger.open)


async def crowd(count: int, workers: int, one: Callable[[int], Awaitable[None]]) -> None:
    """`one` for each number, so many at once."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await one(number)

    await asyncio.gather(*(work() for _ in range(workers)))


async def test_a_thousand_aborts_leave_nothing_behind_and_break_nobodys_stream(tmp_path: Path):
    chance = random.Random(5)
    async with upstream() as up:
        settings = serving(tmp_path, endpoints={"up": up.url}, remote_places=10)
        async with gateway(settings) as at:

            async def rude(number: int) -> None:
                kind = chance.choice(["asking", "leaving", "waiting", "reading"])
                stream = kind == "reading" or chance.random() < 0.5
                request = asking(at, f"40 tokens of rude{number}", "up/m", stream=stream)
                await abort(at, request, chance, kind)

            async def polite(number: int) -> None:
                stream = bool(number % 2)
                asked = f"8 tokens of whole{number}"
                answer = await at.chat(asked, model="up/m", stream=stream)
                text = said(answer) if stream else answer["choices"][0]["message"]["content"]
                assert text == text_of(f"whole{number}", 8)

            await asyncio.gather(crowd(ABORTS, RUDE, rude), crowd(WHOLE, POLITE, polite))
            await until(lambda: all_free(at) and not up.live)
            assert balanced(at)
            outcomes = at.gateway.ledger.outcomes
            assert outcomes["completed"] >= WHOLE
            assert outcomes["failed"] == 0
            assert outcomes["cancelled"] > ABORTS / 4
            assert up.dropped > ABORTS / 8  # many were in mid-stream, and were cut there


async def gone_after(at: At, request: bytes, ready: Callable[[], bool], free: Any) -> float:
    """Seconds from a client's going, once `ready`, until `free`."""
    async with connected(at) as (_, writer):
        writer.write(request)
        await until(ready)
        writer.transport.abort()
        began = time.perf_counter()
        await until(free)
        return time.perf_counter() - began


async def test_a_client_that_goes_frees_the_model_wherever_its_request_is(
    tmp_path: Path, record_property: Callable[[str, object], None]
):
    loading = 'load_ms = 4000\n[[rule]]\ntext = "Hello"'
    took: dict[str, float] = {}
    async with upstream(first_s=0.2, gap_s=0.01) as up:
        settings = serving(tmp_path, {"late": loading}, endpoints={"up": up.url}, remote_places=1)
        async with gateway(settings) as at:
            await at.chat("1 token of a", model="up/m")
            slot = at.gateway.answering.slots[0]
            for name, stream in (("streaming", True), ("waiting", False)):
                request = asking(at, "900 tokens of b", "up/m", stream=stream)

                def answering() -> bool:
                    return any(record.first_ns for record in at.gateway.ledger.open)

                took[name] = await gone_after(at, request, answering, lambda: not up.live)
                await until(lambda: all_free(at))
            request = asking(at, "9 tokens of c", "up/m", stream=True)
            took["before its first token"] = await gone_after(
                at, request, lambda: bool(up.live), lambda: not up.live
            )
            await until(lambda: all_free(at))
            async with connected(at) as (_, writer):
                writer.write(asking(at, "900 tokens of d", "up/m", stream=True))
                await until(lambda: slot.places.taken == 1)
                took["queued"] = await gone_after(
                    at, request, lambda: slot.places.waiting == 1, lambda: not slot.places.waiting
                )
            await until(lambda: all_free(at))
            request = asking(at, "Hello", "late")
            took["loading"] = await gone_after(
                at,
                request,
                lambda: any(s.state == "loading" for s in at.gateway.answering.slots),
                lambda: all_free(at),
            )
            assert at.gateway.ledger.outcomes["cancelled"] == 6
    for name, seconds in took.items():
        record_property(name, round(seconds * 1000, 1))
        print(f"{name}: {seconds * 1000:.1f} ms")
    assert max(took.values()) < BOUND_S


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(build(tmp_path_factory.mktemp("tiny")))


async def test_a_worker_has_nothing_to_do_after_a_hundred_aborts(tmp_path: Path, tiny: str):
    chance = random.Random(6)
    async with gateway(serving(tmp_path, models={"tiny": tiny})) as at:
        await at.chat(model="tiny", max_tokens=2)
        pids = at.gateway.answering.slots[0].standing.pids

        async def rude(number: int) -> None:
            kind = chance.choice(["leaving", "waiting", "reading"])
            stream = kind == "reading"
            request = asking(at, f"Hello {number}", "tiny", stream=stream, max_tokens=400)
            await abort(at, request, chance, kind)

        async def polite(number: int) -> None:
            text = await at.chat(
                f"Hello {number}", model="tiny", stream=True, max_tokens=20, temperature=0
            )
            assert text.endswith("data: [DONE]\n\n")
            assert events(text)[-1]["choices"][0]["finish_reason"] in {"length", "stop"}

        await asyncio.gather(crowd(100, 10, rude), crowd(10, 2, polite))
        await until(lambda: all_free(at), 10)
        assert balanced(at)
        assert at.gateway.ledger.outcomes["failed"] == 0
        (pid,) = pids
        assert at.gateway.answering.slots[0].standing.pids == pids  # nobody had to restart it
        assert await asyncio.to_thread(_busy_s, pid) < 0.1


def _busy_s(pid: int) -> float:
    """What a process computes in half a second, shortly from now."""
    worker = psutil.Process(pid)
    time.sleep(0.3)
    before = worker.cpu_times()
    time.sleep(0.5)
    after = worker.cpu_times()
    return after.user + after.system - before.user - before.system


async def test_a_worker_that_is_killed_is_an_error_in_its_stream_and_the_next_is_served(
    tmp_path: Path, tiny: str
):
    async with gateway(serving(tmp_path, models={"tiny": tiny})) as at:
        await at.chat(model="tiny", max_tokens=2)
        never_ends = {"2": -100}  # its end-of-text token
        body = {
            "model": "tiny",
            "messages": [{"role": "user", "content": "Go"}],
            "max_tokens": 450,
            "logit_bias": never_ends,
            "stream": True,
        }
        async with await at.post("/v1/chat/completions", body) as response:
            first = await response.content.readline()
            (pid,) = at.gateway.answering.slots[0].standing.pids
            os.kill(pid, signal.SIGKILL)
            text = (first + await response.read()).decode()
        assert events(text)[-1]["error"]["code"] == "engine_died"
        assert "[DONE]" not in text
        answer = await at.chat(model="tiny", max_tokens=2)
        assert answer["usage"]["completion_tokens"] > 0
        assert at.gateway.answering.slots[0].standing.pids != (pid,)
        assert balanced(at)
