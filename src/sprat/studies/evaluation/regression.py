"""The same questions before and now: did it get worse, better, or can nothing be said?

Questions are paired by their id and their content; what stands behind the sides may be anything:
two versions of a prompt, of a model, of Sprat. Why it is tested so: docs/decisions/regressions.md.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import Literal, NamedTuple

import msgspec

from sprat.runs.flips import Method, flips
from sprat.runs.intervals import design_effect, mean_interval, score_z
from sprat.runs.statistics import MIN_PAIRS
from sprat.studies.asked import Asked
from sprat.studies.evaluation.change import (
    SIGNIFICANCE,
    Change,
    Decision,
    Moved,
    SideOf,
    sentence,
)
from sprat.studies.evaluation.differences import differences_between
from sprat.studies.evaluation.pace import pace_of
from sprat.studies.tally import group_of, right_of, score_of
from sprat.types import Question, Run


class _Pair(NamedTuple):
    question: Question
    before: Run
    now: Run


class _Common(NamedTuple):
    pairs: list[_Pair]
    changed: list[str]
    only_before: int
    only_now: int


def compare_sides(
    a: Asked,
    b: Asked,
    *,
    margin: float = 0.0,
    significance: float = SIGNIFICANCE,
    seed: int = 0,
) -> Change:
    """What changed from `a` (before) to `b` (now), over the questions that both were asked.

    A regression is a score lower by more than `margin` (0..1; 0: lower at all), one-sided at
    `significance`. With margin 0 by a randomisation test of the paired differences (`flips`),
    with another one by the paired score test. Translations of a question count as one group.

    Source: Tango (1998), Statistics in Medicine 17:891 (the score test at a margin).
    """
    common = _common(a, b)
    scored = [pair for pair in common.pairs if _scores(pair) is not None]
    found = [_moved(pair) for pair in scored]
    timed = [(group_of(one.question), one.before, one.now) for one in common.pairs]
    values = [one.now - one.before for one in found]
    groups = [group_of(pair.question) for pair in scored]
    worse, better, method = _tested(values, groups, margin, seed)
    bounds = mean_interval(values, -1, 1, groups=groups, seed=seed, confidence=1 - 2 * significance)
    decision = _decision(worse, better, significance, len(values))
    change = Change(
        before=_side(a, found, [one.before for one in found], [o.right_before for o in found]),
        now=_side(b, found, [one.now for one in found], [one.right_now for one in found]),
        decision=decision,
        why="",
        n=len(values),
        difference=sum(values) / len(values) if values else None,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        p_worse=worse,
        p_better=better,
        method=method,
        margin=margin,
        significance=significance,
        lost=sum(one.right_before and not one.right_now for one in found),
        won=sum(one.right_now and not one.right_before for one in found),
        moved=tuple(sorted((o for o in found if o.now != o.before), key=_by_loss)),
        changed_questions=tuple(common.changed),
        only_before=common.only_before,
        only_now=common.only_now,
        unscored=len(common.pairs) - len(scored),
        pace=pace_of(timed, a.study, b.study, seed),
        differs=differences_between(a, b),
    )
    return msgspec.structs.replace(change, why=sentence(change))


def _common(a: Asked, b: Asked) -> _Common:
    before, now = _answered(a), _answered(b)
    both = [name for name in now if name in before]
    same = [name for name in both if before[name][0] == now[name][0]]
    return _Common(
        [_Pair(now[name][0], before[name][1], now[name][1]) for name in same],
        [name for name in both if before[name][0] != now[name][0]],
        len(before) - len(both),
        len(now) - len(both),
    )


def _answered(side: Asked) -> dict[str, tuple[Question, Run]]:
    """By question, in the set's order; of a repeated question the first answer."""
    first = {run.question: run for run in side.runs if run.repeat == 0}
    return {q.id: (q, first[q.id]) for q in side.study.questions if q.id in first}


def _scores(pair: _Pair) -> tuple[float, float] | None:
    before, now = score_of(pair.before), score_of(pair.now)
    return None if before is None or now is None else (before, now)


def _moved(pair: _Pair) -> Moved:
    before, now = _scores(pair) or (0.0, 0.0)
    return Moved(
        question=pair.question.id,
        kind=pair.question.kind,
        before=before,
        now=now,
        right_before=bool(right_of(pair.before)),
        right_now=bool(right_of(pair.now)),
    )


def _by_loss(one: Moved) -> tuple[float, str]:
    return one.now - one.before, one.question


def _tested(
    values: Sequence[float], groups: Sequence[str], margin: float, seed: int
) -> tuple[float | None, float | None, Method | Literal["score test"]]:
    """(p of no loss, p of no gain, how)."""
    if not values:
        return None, None, "mcnemar"
    if margin == 0:
        found = flips(values, groups=groups, seed=seed)
        return found.worse, found.better, found.method
    return _below(values, -margin, groups), 1 - _below(values, margin, groups), "score test"


def _below(values: Sequence[float], limit: float, groups: Sequence[str]) -> float:
    """How likely a mean so low is, were `limit` the truth."""
    z = score_z(values, limit, -1, 1) / sqrt(design_effect(values, groups))
    return NormalDist().cdf(z)


def _decision(worse: float | None, better: float | None, significance: float, n: int) -> Decision:
    if worse is None or better is None or n < MIN_PAIRS:
        return "too few"
    if worse <= significance:
        return "regression"
    return "improvement" if better <= significance else "no evidence"


def _side(
    asked: Asked, found: Sequence[Moved], scores: Sequence[float], right: Sequence[bool]
) -> SideOf:
    return SideOf(
        run=asked.study.id,
        model=asked.model.name,
        role=asked.model.role,
        created=asked.study.created,
        score=sum(scores) / len(found) if found else None,
        right=sum(right),
    )
