"""The load generator: who asks when."""

import asyncio
import gc
from itertools import pairwise

from scipy import stats

from sprat.engines.base import Load
from sprat.errors import EngineDied
from sprat.studies.bench.drive import arrivals_s, closed_loop, open_loop
from sprat.types import ChatRequest, Message, Reply, Timing, Usage


def requests(count):
    return [ChatRequest(messages=(Message("user", f"{n}"),)) for n in range(count)]


class Counting:
    """Counts how many ask at once; answers when its gate is open."""

    name, pids = "counting", ()

    def __init__(self, gate=None):
        self.at_once, self.most, self.begun, self.gate = 0, 0, [], gate
        self.collecting = []
        self.all_here = asyncio.Event()

    async def stream(self, request):
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.begun.append(request)
        if len(self.begun) == 6:
            self.all_here.set()
        self.collecting.append(gc.isenabled())
        await (self.gate.wait() if self.gate else asyncio.sleep(0))
        self.at_once -= 1
        if request.messages[0].content == "3":
            raise EngineDied("gone")
        due = request.scheduled_ns or 0
        yield Reply(
            text="", finish="stop", usage=Usage(1, 0),
            timing=Timing(scheduled_ns=due, sent_ns=due, done_ns=due),
        )  # fmt: skip

    async def warm(self):
        return Load(load_s=None)

    async def aclose(self):
        pass


async def test_in_a_closed_loop_every_worker_asks_one_after_the_other():
    engine = Counting()
    asked = await closed_loop(engine, requests(9), 3)
    assert engine.most == 3
    assert sorted(one.request.messages[0].content for one in asked) == [str(n) for n in range(9)]
    assert [one.error for one in asked if one.request.messages[0].content == "3"] == ["gone"]


async def test_a_worker_that_is_kept_waiting_leaves_the_rest_to_the_others():
    held = asyncio.Event()

    class Holding(Counting):
        async def stream(self, request):
            if request.messages[0].content == "0":
                await held.wait()
            if request.messages[0].content == "8":
                held.set()
            async for piece in super().stream(request):
                yield piece

    async with asyncio.timeout(20):  # shared out beforehand, nobody would let the first one go
        asked = await closed_loop(Holding(), requests(9), 2)
    assert [one.request.messages[0].content for one in asked] == [str(n) for n in range(9)]


async def test_a_failed_request_says_when_it_was_due():
    asked = await closed_loop(Counting(), requests(5), 1)
    (failed,) = [one for one in asked if one.error]
    assert failed.request.scheduled_ns is not None


async def test_in_an_open_loop_requests_leave_though_none_is_answered():
    engine = Counting(gate=asyncio.Event())
    running = asyncio.create_task(open_loop(engine, requests(6), 1000, "seed"))
    async with asyncio.timeout(20):
        await engine.all_here.wait()
    assert engine.most == 6
    engine.gate.set()
    asked = await running
    due = [one.request.scheduled_ns for one in asked]
    planned = arrivals_s(6, 1000, "seed")
    assert due == sorted(due)
    assert [round((b - a) / 1e9, 6) for a, b in pairwise(due)] == [
        round(b - a, 6) for a, b in pairwise(planned)
    ]


def test_arrivals_are_a_poisson_process_and_the_same_for_the_same_seed():
    at = arrivals_s(2001, 5.0, "seed")
    gaps = [b - a for a, b in pairwise(at)]
    assert stats.kstest(gaps, stats.expon(scale=1 / 5).cdf).pvalue > 0.01
    assert arrivals_s(2001, 5.0, "seed") == at
    assert arrivals_s(3, 5.0, "other") != at[:3]


async def test_the_garbage_collector_rests_while_anything_is_timed_and_works_again_after():
    engine = Counting()
    assert gc.isenabled()
    await closed_loop(engine, requests(2), 1)
    assert engine.collecting == [False, False]
    assert gc.isenabled()
