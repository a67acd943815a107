"""The requests that a benchmark has so far, by cell and round, and whether they are enough."""

from collections.abc import Iterable, Sequence

from sprat.runs.blocks import Rounds, median_interval
from sprat.studies.bench.plan import BenchPlan, Setup, all_setups
from sprat.types import Run

MIN_PRECISE = 5
"""Fewer rounds never end a cell early: their interval may be narrow by luck."""


class Kept:
    """All requests of a study."""

    def __init__(self, plan: BenchPlan, runs: Iterable[Run]) -> None:
        self._plan = plan
        self._sizes = {setup.id: setup.requests for setup in all_setups(plan)}
        self._rounds: dict[tuple[str, str], dict[int, list[Run]]] = {}
        self.count = 0
        self.add(runs)

    def add(self, runs: Iterable[Run]) -> None:
        """Take in whole rounds."""
        for run in runs:
            rounds = self._rounds.setdefault((run.question, run.role), {})
            rounds.setdefault(run.repeat // self._sizes[run.question], []).append(run)
            self.count += 1

    def has(self, setup: Setup, side: str, number: int) -> bool:
        """Whether this round of this cell is there."""
        return number in self._rounds.get((setup.id, side), {})

    def rounds(self, setup: str, side: str) -> dict[int, list[Run]]:
        """The rounds of a cell by their number, in the order asked."""
        return dict(sorted(self._rounds.get((setup, side), {}).items()))

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
    figures = ("first", "between") if plan.stream else ("answer",)
    known = [values for name in figures if any(values := _values(rounds, name))]
    return bool(known) and all(_narrow(values, plan) for values in known)


def _values(rounds: Sequence[Sequence[Run]], name: str) -> list[list[float]]:
    return [[v for run in one if (v := _value(run, name)) is not None] for one in rounds]


def _value(run: Run, name: str) -> float | None:
    if run.reply is None:
        return None
    timing, tokens = run.reply.timing, run.reply.usage.output_tokens
    if name == "first":
        return timing.ttft_s
    return timing.inter_token_s(tokens) if name == "between" else timing.answer_s


def _narrow(rounds: Rounds, plan: BenchPlan) -> bool:
    from statistics import median

    interval = median_interval(rounds, seed=plan.seed)
    middle = median(value for values in rounds for value in values)
    return interval is not None and (interval.high - interval.low) / 2 <= plan.precision * middle
