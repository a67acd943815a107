"""From one run to the next of the same model name on the same questions."""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from sprat.runs.flips import flips
from sprat.runs.holm import holm
from sprat.runs.statistics import MIN_PAIRS
from sprat.studies.asked import Asked
from sprat.studies.evaluation.differences import PASSING
from sprat.studies.evaluation.regression import compare_sides

Scored = Literal["regression", "improvement", "no evidence", "too few"]
Timed = Literal["slower", "faster", "no evidence", "not comparable"]

NOTABLE = 1.1
"""A run on a machine that was a little busier is slower in every answer, so that any p-value is
small: only a change of a tenth or more is called one."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What changed against the run before. Differences are now minus before."""

    n: int
    """Questions that both runs have a score for."""
    difference: float | None
    """Of the scores, -1..1; None: no question has one on both sides."""
    lost: int
    """Right before, wrong now."""
    won: int
    p: float | None
    """Two-sided, of this step alone: `runs.flips`."""
    p_adjusted: float | None
    """Adjusted for the number of steps in the series (Holm 1979); None: too few questions."""
    score: Scored
    times: float | None
    """How many times as long an answer takes now; None: not comparable."""
    p_time: float | None
    p_time_adjusted: float | None
    time: Timed
    why_not_time: str = ""
    """Why seconds are not compared."""
    other_model: bool = False
    """The same name, and not the same model: weights, recipe, provider or threads."""
    differs: tuple[str, ...] = ()
    """What else is not the same, one line each."""


def step_between(before: Asked, now: Asked) -> Step:
    """The step, not yet held against the others of its series."""
    change = compare_sides(before, now)
    enough = change.n >= MIN_PAIRS and change.p_worse is not None and change.p_better is not None
    why_not = change.pace.other_machine or _other_way(before, now)
    ratios = [] if why_not else _ratios(before, now)
    found = flips(ratios) if len(ratios) >= MIN_PAIRS else None
    return Step(
        n=change.n,
        difference=change.difference,
        lost=change.lost,
        won=change.won,
        p=_both_ways(change.p_worse, change.p_better) if enough else None,
        p_adjusted=None,
        score="too few",
        times=math.exp(sum(ratios) / len(ratios)) if ratios else None,
        p_time=_both_ways(found.worse, found.better) if found else None,
        p_time_adjusted=None,
        time="not comparable",
        why_not_time=why_not or ("" if found else f"fewer than {MIN_PAIRS} common answers"),
        other_model=before.model.identity != now.model.identity,
        differs=change.differs,
    )


def flagged(steps: Sequence[Step], level: float) -> list[Step]:
    """The steps of one series, each called what it is once their number is allowed for."""
    scores, times = holm([step.p for step in steps]), holm([step.p_time for step in steps])
    return [
        msgspec.structs.replace(
            step,
            p_adjusted=score,
            score=_scored(step.difference, score, level),
            p_time_adjusted=time,
            time=_timed(step.times, time, level),
        )
        for step, score, time in zip(steps, scores, times, strict=True)
    ]


def _both_ways(worse: float | None, better: float | None) -> float | None:
    return None if worse is None or better is None else min(1.0, 2 * min(worse, better))


def _scored(difference: float | None, p: float | None, level: float) -> Scored:
    if p is None or difference is None:
        return "too few"
    if p > level or difference == 0:
        return "no evidence"
    return "regression" if difference < 0 else "improvement"


def _timed(times: float | None, p: float | None, level: float) -> Timed:
    if p is None or times is None:
        return "not comparable"
    if p > level or 1 / NOTABLE < times < NOTABLE:
        return "no evidence"
    return "slower" if times > 1 else "faster"


def _other_way(before: Asked, now: Asked) -> str:
    """Seconds say something only where everything was asked in the same way."""
    if before.study.kind != now.study.kind:
        return f"another kind of study: {before.study.kind}, and {now.study.kind} now"
    if _settings(before) != _settings(now):
        return "other settings"
    return ""


def _settings(side: Asked) -> dict[str, object]:
    """Without what is never twice the same, such as the name of a command's run."""
    return {name: value for name, value in side.study.settings.items() if name not in PASSING}


def _ratios(before: Asked, now: Asked) -> list[float]:
    """Logarithms of how many times as long each common answer took."""
    taken = {r.question: r.reply.timing.answer_s for r in before.runs if r.reply and not r.repeat}
    both = [
        (taken[run.question], run.reply.timing.answer_s)
        for run in now.runs
        if run.reply and not run.repeat and run.question in taken
    ]
    return [math.log(b / a) for a, b in both if a > 0 and b > 0]
