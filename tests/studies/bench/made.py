"""Engines that answer at once, say how long it took, and remember what they were asked."""

import asyncio
import itertools
import os

import msgspec

from sprat.engines.base import Load
from sprat.runs.store import Store
from sprat.studies.bench.plan import BenchPlan, Side
from sprat.studies.bench.record import Record
from sprat.studies.bench.study import Bench
from sprat.studies.bench.summary import summarise
from sprat.types import Delta, Reply, Timing, Usage

S = 1_000_000_000
CLOCK = itertools.count(S, 100 * S)


class Told:
    """Says that its nth answer took what it was told; with `fails`, the nth raises that instead."""

    def __init__(self, name="a", *, first_s=0.2, gap_s=0.01, fails=None, pids=(), load_s=1.5):
        self.name = name
        self.pids = pids
        self.asked = []
        self.closed = 0
        self.warmed = 0
        self.load_s = load_s
        self._first = first_s if callable(first_s) else lambda _: first_s
        self._gap = gap_s if callable(gap_s) else lambda _: gap_s
        self._fails = fails or {}

    async def stream(self, request):
        self.asked.append(request)
        await asyncio.sleep(0)
        number = len(self.asked)
        if trouble := self._fails.get(number):
            raise trouble
        words = len(request.messages[0].content.split())
        text = "word " * request.max_tokens
        yield Delta(text=text)
        yield Reply(
            text=text,
            finish="length",
            usage=Usage(words, request.max_tokens),
            timing=self._timing(request, number),
        )

    def _timing(self, request, number):
        sent = next(CLOCK)
        first = sent + round(self._first(number) * S)
        last = first + round(self._gap(number) * S) * (request.max_tokens - 1)
        return Timing(
            scheduled_ns=sent,
            sent_ns=sent,
            prepared_ns=sent + S // 100,
            started_ns=sent + S // 50,
            first_token_ns=first,
            last_token_ns=last,
            done_ns=last + S // 1000,
        )

    async def warm(self):
        self.warmed += 1
        return Load(load_s=self.load_s, provider="test")

    async def aclose(self):
        self.closed += 1


def plan(**changes):
    whole = BenchPlan(
        models=("a", "b"),
        prompt_tokens=(40,),
        output_tokens=(8,),
        rounds=6,
        requests=2,
        cooldown_s=0.0,
        seed=3,
    )
    return msgspec.structs.replace(whole, **changes)


def sides(*names):
    return tuple(Side(name, name) for name in names)


def describe():
    return {"cpu": "some", "usable_cores": 2, "load_average_1min": 0.1}


async def asked(
    store, wanted, engines, *, resume=None, progress=None, machine=describe, identities=None
):
    """Run a benchmark over engines, each by its side's name, or made anew by a function."""
    of = sides(*engines)

    def opener(side, reuse_prefix):
        engine = engines[side.name]
        return engine(reuse_prefix) if callable(engine) else engine

    record = Record(wanted, of, store, describe=machine, resume=resume, identities=identities)
    return await Bench(wanted, of, opener, store, record, progress).run()


async def measured(store, wanted, engines, **options):
    """Run it, and what the store then says."""
    return summarise(store, await asked(store, wanted, engines, **options))


def opened(path):
    return Store(path / "runs.db", create=True)


HERE = (os.getpid(),)
"""A process that can be measured."""
