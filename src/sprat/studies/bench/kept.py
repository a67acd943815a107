"""The requests that a benchmark has so far, by cell and round, and whether they are enough."""

from collections.abc import Iterable, Sequence
from statistics import median

from sprat.runs.blocks import Rounds, median_interval
from sprat.studies.bench.figures import values_of
from sprat.studies.bench.plan import BenchPlan, Setup, all_setups
from sprat.studies.resume import MAX_STREAK
from sprat.types import Run

MIN_PRECISE = 5
"""Fewer rounds never end a cell early: their interval may be narrow by luck."""


class Kept:
    """All requests of a study."""

    def __init__(self, plan: BenchPlan, runs: Iterable[Run]) -> None:
        self._plan = plan
        self._sizes = {setup.id: setup.requests for setup in all_setups(plan)}
        self._rounds: dict[tuple[str, str], dict[int, list[Run]]] = {}
        self.next_position = 0
        """After the last one's: a round that was withdrawn leaves a gap."""
        self.add(runs)

    def add(self, runs: Iterable[Run]) -> None:
        """Take in whole rounds."""
        for run in runs:
            rounds = self._rounds.setdefault((run.question, run.role), {})
            rounds.setdefault(run.repeat // self._sizes[run.question], []).append(run)
            self.next_position = max(self.next_position, run.position + 1)

    def has(self, setup: Setup, side: str, number: int) -> bool:
        """Whether this round of this cell is there."""
        return number in self._rounds.get((setup.id, side), {})

    def rounds(self, setup: str, side: str) -> dict[int, list[Run]]:
        """The rounds of a cell by their number, in the order asked."""
        return dict(sorted(self._rounds.get((setup, side), {}).items()))

    def outage(self, side: str) -> list[Run]:
        """The rounds without any answer at a side's end, if they were enough to stop the study.

        The round before them is among them if its last request failed: there it began.
        """
        of_side = [runs for (_, role), by in self._rounds.items() if role == side
                   for runs in by.values()]  # fmt: skip
        found: list[Run] = []
        for runs in sorted(of_side, key=lambda runs: runs[0].position, reverse=True):
            if any(run.reply for run in runs):
                begun = runs if runs[-1].error else []
                return [*begun, *found] if len(found) >= MAX_STREAK else []
            found += runs
        return found if len(found) >= MAX_STREAK else []

    def precise(self, setup: str, sides: Sequence[str]) -> bool:
        """Whether what is asked for is known well enough, of every side."""
        return all(
            is_precise(list(self.rounds(setup, side).values()), self._plan) for side in sides
        )


def is_precise(rounds: Sequence[Sequence[Run]], plan: BenchPlan) -> bool:
    """Whether each headline median has an interval as narrow as the plan wants it.

    First token and time between tokens; the whole answer where those are not to be reported.
    """
    if len(rounds) < MIN_PRECISE:
        return False
    figures = ("ttft_s", "inter_token_s") if plan.stream else ("answer_s",)
    known = [values for name in figures if any(values := values_of(rounds, name))]
    return bool(known) and all(_narrow(values, plan) for values in known)


def _narrow(rounds: Rounds, plan: BenchPlan) -> bool:
    interval = median_interval(rounds, seed=plan.seed)
    middle = median(value for values in rounds for value in values)
    return interval is not None and (interval.high - interval.low) / 2 <= plan.precision * middle
