"""What a policy's confidence is taught: which drafts are right, or which are worth keeping."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from sprat.policies.fit import Rows, cross_fitted, fit
from sprat.policies.logistic import Logistic
from sprat.policies.spec import Mode
from sprat.policies.worth import cross_fitted_worth, fit_worth
from sprat.studies.hybrid.forks import Fork, Unit, Way
from sprat.studies.hybrid.wish import Aim

T = TypeVar("T")


class Pupil(NamedTuple):
    """Questions to learn from, in one order throughout."""

    aim: Aim
    mode: Mode
    rows: Rows
    small: Sequence[Way]
    large: Sequence[Way]
    """Both models alone."""
    groups: Sequence[str]
    features: Sequence[str]
    seed: int
    unit: Unit
    """In which escalating costs: the same that the threshold is chosen in."""


def teaches(fork: Fork, rows: Mapping[str, Mapping[str, float]]) -> bool:
    """Whether a confidence is learned from it: something was judged, and by what was learned.

    Not so where the small model failed, a gate decided, or rules judge for want of
    log-probabilities.
    """
    return fork.confidence is not None and fork.question in rows


def with_unseen(
    forks: Sequence[Fork], rows: Mapping[str, Mapping[str, float]], pupil: Pupil
) -> list[Fork]:
    """Those that teach with the confidence that was learned without them; the others as they are.

    `pupil` is made of the forks that teach, in their order.
    """
    confidences = iter(unseen(pupil))
    return [
        msgspec.structs.replace(fork, confidence=next(confidences), calibrated=True)
        if teaches(fork, rows)
        else fork
        for fork in forks
    ]


def taught(pupil: Pupil) -> Logistic:
    """The confidence.

    Raises:
        PolicyError: there is too little to learn from.
    """
    return _learned(pupil, fit, fit_worth)


def unseen(pupil: Pupil) -> list[float]:
    """The confidence in each, learned without it and its group.

    Raises:
        PolicyError: there is too little to learn from.
    """
    return _learned(pupil, cross_fitted, cross_fitted_worth)


def _learned(pupil: Pupil, rightness: Callable[..., T], worth: Callable[..., T]) -> T:
    how = {"groups": pupil.groups, "features": pupil.features, "seed": pupil.seed}
    if pupil.aim == "right":
        return rightness(pupil.rows, [way.right for way in pupil.small], **how)
    return worth(pupil.rows, _gains(pupil), _costs(pupil), **how)


def _gains(pupil: Pupil) -> list[float]:
    """What escalating would gain in score."""
    return [
        large.score - small.score for small, large in zip(pupil.small, pupil.large, strict=True)
    ]


def _costs(pupil: Pupil) -> list[float]:
    """What escalating costs more: the large model's answer; `pre` saves the draft by it."""
    return [
        large.cost(pupil.unit) - (small.cost(pupil.unit) if pupil.mode == "pre" else 0.0)
        for small, large in zip(pupil.small, pupil.large, strict=True)
    ]
