"""What a policy for a budget learns: not whether a draft is right, but whether keeping it pays.

A draft that is surely wrong is no reason to escalate where the large model fails too, and at
length. More in docs/confidence.md, "For a budget".
"""

from collections.abc import Sequence

from sprat.errors import PolicyError
from sprat.policies.fit import FOLDS, MIN_EACH, MIN_ROWS, Rows, held_out, learned, lesson_of
from sprat.policies.fit import Lesson as _Lesson
from sprat.policies.logistic import Logistic


def fit_worth(
    rows: Rows,
    gains: Sequence[float],
    costs: Sequence[float],
    *,
    seed: int = 0,
    features: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> Logistic:
    """Learn how well keeping an answer pays: `keep / (keep + gain)`, 0..1, of expected values.

    `gains` is the score after escalating minus the draft's, -1 to 1; `costs` what escalating costs
    more than accepting, above 0 in all. `keep` is what keeping saves: the cost, at the exchange
    rate of all gains to all costs, and the score that escalating would lose; `gain` is the score
    that it would win. A threshold of one half escalates what gains more than it costs at that
    rate; a lower one only what gains more for its cost.

    It is one logistic regression, in which each question speaks for keeping with the one weight
    and for escalating with the other: its odds are the ratio of the expectations.

    Raises:
        PolicyError: too few questions, or too few where escalating gains something.

    Source: the optimal rule compares gain and cost: Jitkrittum et al. (2023), arXiv:2307.02764,
    section 3.
    """
    lesson = _lesson(rows, gains, costs, groups, features)
    return learned(lesson, range(len(rows)), seed)


def cross_fitted_worth(
    rows: Rows,
    gains: Sequence[float],
    costs: Sequence[float],
    *,
    folds: int = FOLDS,
    seed: int = 0,
    features: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> list[float]:
    """Each question's `fit_worth` by a model that saw neither it nor its group.

    Raises:
        PolicyError: as `fit_worth`.
    """
    return held_out(_lesson(rows, gains, costs, groups, features), folds, seed)


def _lesson(
    rows: Rows,
    gains: Sequence[float],
    costs: Sequence[float],
    groups: Sequence[str] | None,
    features: Sequence[str] | None,
) -> _Lesson:
    _check(gains, costs)
    rate = sum(max(0.0, gain) for gain in gains) / sum(costs)
    keep, leave = zip(*map(_sides, gains, (rate * cost for cost in costs)), strict=True)
    whole = [one + other for one, other in zip(keep, leave, strict=True)]
    labels = [one / both if both else 0.5 for one, both in zip(keep, whole, strict=True)]
    scale = len(rows) / sum(whole)  # so that the penalties mean what they mean in `fit`
    lesson = lesson_of(rows, labels, [scale * weight for weight in whole], groups, features)
    return lesson._replace(kinds=[gain > 0 for gain in gains])


def _sides(gain: float, cost: float) -> tuple[float, float]:
    """What speaks for keeping, and what for escalating, both in score; neither below 0."""
    return max(0.0, cost) + max(0.0, -gain), max(0.0, -cost) + max(0.0, gain)


def _check(gains: Sequence[float], costs: Sequence[float]) -> None:
    gaining = sum(gain > 0 for gain in gains)
    if len(gains) < MIN_ROWS or gaining < MIN_EACH:
        raise PolicyError(
            f"{len(gains)} questions, {gaining} of them with something to gain from the large "
            f"model, are too few to learn from: it takes {MIN_ROWS}, and {MIN_EACH} such.",
            fix="Ask more questions: --limit.",
        )
    if sum(costs) <= 0:
        raise PolicyError(
            "Escalating costs nothing: there is nothing to save.",
            fix="Let the large model answer alone.",
        )
