"""Did it get slower? Seconds of the same questions before and now."""

import math
from collections.abc import Sequence
from statistics import median

import msgspec

from sprat.runs.intervals import bootstrap_interval, design_effect, stretched
from sprat.runs.study import Study
from sprat.types import Run

MACHINE = ("cpu", "machine", "usable_cores", "memory_bytes")
"""What of the environment must be the same for seconds to be compared."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds and tokens of the questions that both sides answered."""

    n: int
    before_s: float | None
    """Median seconds of an answer."""
    now_s: float | None
    times: float | None
    """How many times as long an answer takes now: geometric mean over the questions."""
    low: float | None
    high: float | None
    """The 95% interval of `times`, by paired bootstrap of its logarithms, wider where translations
    of a question go together."""
    before_tokens: float | None
    """Median output tokens, of all attempts."""
    now_tokens: float | None
    other_machine: str = ""
    """Why the seconds are not to be compared; empty: nothing speaks against it."""


def pace_of(pairs: Sequence[tuple[str, Run, Run]], before: Study, now: Study, seed: int) -> Pace:
    """The pace of (group, before, now) answers; failures have none, and are left out."""
    both = [(a, b) for _, a, b in pairs if a.reply and b.reply]
    times = _times(pairs, seed)
    return Pace(
        n=len(both),
        before_s=median(_seconds(a) for a, _ in both) if both else None,
        now_s=median(_seconds(b) for _, b in both) if both else None,
        times=times and times[0],
        low=times and times[1],
        high=times and times[2],
        before_tokens=median(_tokens(a) for a, _ in both) if both else None,
        now_tokens=median(_tokens(b) for _, b in both) if both else None,
        other_machine=_other_machine(before, now),
    )


def _times(pairs: Sequence[tuple[str, Run, Run]], seed: int) -> tuple[float, float, float] | None:
    """How many times as long, and the ends of its interval; translations do not count as two."""
    timed = [(group, _seconds(a), _seconds(b)) for group, a, b in pairs]
    known = [(group, math.log(b / a)) for group, a, b in timed if a and b]
    ratios = [ratio for _, ratio in known]
    bounds = bootstrap_interval(ratios, seed=seed)
    if bounds is None:
        return None
    stretch = math.sqrt(design_effect(ratios, [group for group, _ in known]))
    low, high = stretched(bounds, ratios, stretch)
    return math.exp(sum(ratios) / len(ratios)), math.exp(low), math.exp(high)


def _seconds(run: Run) -> float:
    return run.reply.timing.answer_s if run.reply else 0.0


def _tokens(run: Run) -> int:
    return run.reply.paid.output_tokens if run.reply else 0


def _other_machine(before: Study, now: Study) -> str:
    for what in MACHINE:
        a, b = before.environment.get(what), now.environment.get(what)
        if a != b:
            return f"another machine: its {what.replace('_', ' ')} was {a}, and is {b} now"
    return ""
