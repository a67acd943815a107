"""`sprat bench`: condition after condition, round after round, each side in its turn."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Literal

import msgspec

from sprat.cost import Prices
from sprat.errors import RunError, SpratError
from sprat.measure.clock import now_ns
from sprat.runs.store import Store
from sprat.studies.bench.kept import Kept
from sprat.studies.bench.plan import BenchPlan, Setup, Side, round_order, setups_of
from sprat.studies.bench.ready import Opener, Ready, Words, ask_round, make_ready
from sprat.studies.bench.record import Record, faults_by_side
from sprat.studies.bench.result import Condition
from sprat.studies.bench.rows import runs_of
from sprat.studies.metering import Counters, counting
from sprat.studies.resume import MAX_STREAK
from sprat.studies.watching import watched
from sprat.types import Run


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened that may be shown; never while anything is timed."""

    what: Literal["preparing", "unmeasured", "asking"]
    side: str
    condition: Condition
    study: str = ""
    """Empty while nothing is recorded yet."""
    setup: str = ""
    round: int = 0
    spent_s: float = 0.0
    """Of the condition's share of the budget."""
    budget_s: float = 0.0
    why: str = ""


Progress = Callable[[Event], None]


class Bench:
    """Asks what a plan wants and keeps every whole round."""

    def __init__(
        self,
        plan: BenchPlan,
        sides: Sequence[Side],
        opener: Opener,
        store: Store,
        record: Record,
        progress: Progress | None = None,
        prices: Prices | None = None,
    ) -> None:
        self._plan = plan
        self._prices = prices
        self._sides = sides
        self._opener = opener
        self._store = store
        self._record = record
        self._show = progress or _show_nothing
        self._words = Words()
        self._kept = Kept(plan, ())
        self._streaks = dict.fromkeys((side.name for side in sides), 0)
        self._faults: dict[tuple[str, Condition], SpratError] = {}
        self._last: Side | None = None

    async def run(self) -> str:
        """Ask until every cell is known well enough, or rounds or budget end; the study's id.

        What was asked before is read from the store. Cancelled or failing, it leaves a study that
        can be resumed.

        Raises:
            SpratError: no side can be measured under any condition; nothing is recorded then.
            RunError: a side no longer answers: rounds on end without any answer.
        """
        with self._record as record:
            self._kept = self._kept_without_outages()
            left_s = self._plan.budget_s
            for place, condition in enumerate(self._plan.conditions):
                left_s -= await self._condition(
                    condition, left_s / (len(self._plan.conditions) - place)
                )
            if not record.begun:
                raise next(iter(self._faults.values()))
            record.close()
        return self._record.study

    def _kept_without_outages(self) -> Kept:
        """What was asked before, less the rounds whose errors stopped the study."""
        study = self._record.study
        kept = Kept(self._plan, self._store.runs(study))
        lost = [run for side in self._sides for run in kept.outage(side.name)]
        self._store.withdraw(lost)
        return Kept(self._plan, self._store.runs(study)) if lost else kept

    async def _condition(self, condition: Condition, budget_s: float) -> float:
        """One condition; returns the seconds spent of its budget."""
        async with AsyncExitStack() as opened:
            ready: list[Ready] = []
            for side in self._sides:
                if one := await self._ready(side, condition):
                    opened.push_async_callback(one.aclose)
                    ready.append(one)
            if ready:
                self._record.begin()
            if self._record.begun:  # at once: the study may be stopped before its end
                sessions = {one.side.name: one.session for one in ready}
                self._record.note(condition, sessions, faults_by_side(self._faults))
            if not ready:
                return 0.0
            counters = await opened.enter_async_context(counting())
            engines = [one.engine for one in ready if one.engine]
            lasting = condition != "cold"
            with watched(self._store, self._record.study, engines, lasting=lasting):
                return await self._rounds(condition, ready, budget_s, counters)

    async def _ready(self, side: Side, condition: Condition) -> Ready | None:
        self._tell(Event(what="preparing", side=side.name, condition=condition))
        try:
            return await make_ready(side, condition, self._plan, self._opener, self._words)
        except SpratError as fault:
            self._faults[side.name, condition] = fault
            event = Event(what="unmeasured", side=side.name, condition=condition)
            self._tell(msgspec.structs.replace(event, why=str(fault)))
            return None

    async def _rounds(
        self, condition: Condition, ready: Sequence[Ready], budget_s: float, counters: Counters
    ) -> float:
        setups, of_side = setups_of(self._plan, condition), {one.side: one for one in ready}
        names, began_ns = [side.name for side in of_side], now_ns()
        for number in range(self._plan.rounds):
            unsure = [setup for setup in setups if not self._kept.precise(setup.id, names)]
            for setup, order in round_order(unsure, tuple(of_side), number, self._plan.seed):
                spent_s = (now_ns() - began_ns) / 1e9
                if number and spent_s >= budget_s:  # the first round is always finished
                    return spent_s
                for side in order:
                    self._tell(
                        Event(
                            what="asking",
                            side=side.name,
                            condition=condition,
                            setup=setup.id,
                            round=number,
                            spent_s=spent_s,
                            budget_s=budget_s,
                        )
                    )
                    await self._round(of_side[side], setup, number, counters)
        return (now_ns() - began_ns) / 1e9

    async def _round(self, ready: Ready, setup: Setup, number: int, counters: Counters) -> None:
        if self._kept.has(setup, ready.side.name, number):
            return
        if self._last not in {None, ready.side}:
            await asyncio.sleep(self._plan.cooldown_s)
        self._last = ready.side
        asked, resources = await ask_round(ready, setup, self._plan, number, counters)
        runs = runs_of(
            self._record.study,
            ready.side,
            setup,
            number,
            self._kept.next_position,
            asked,
            resources,
            self._prices,
        )
        # Only now: to write while something is timed would be part of its time.
        self._store.add_runs(runs)
        self._kept.add(runs)
        self._count_errors(ready.side, runs)

    def _count_errors(self, side: Side, runs: Sequence[Run]) -> None:
        """A server that refuses some of a load is busy; one that refuses whole rounds is gone."""
        gone = not any(run.reply for run in runs)
        self._streaks[side.name] = self._streaks[side.name] + len(runs) if gone else 0
        if (streak := self._streaks[side.name]) >= MAX_STREAK:
            raise RunError(
                f"{side.name} failed {streak} times in a row, the last time with: {runs[-1].error}",
                fix=f"When it works again: sprat bench --resume {self._record.study}",
            )

    def _tell(self, event: Event) -> None:
        study = self._record.study if self._record.begun else ""
        self._show(msgspec.structs.replace(event, study=study))


def _show_nothing(_: Event) -> None:
    pass
