"""What a policy's confidence is taught: which drafts are right, or which are worth keeping."""

from collections.abc import Sequence
from typing import NamedTuple

from sprat.policies.fit import Rows, cross_fitted, fit
from sprat.policies.logistic import Logistic
from sprat.policies.spec import Mode
from sprat.policies.worth import cross_fitted_worth, fit_worth
from sprat.studies.hybrid.forks import Way
from sprat.studies.hybrid.wish import Aim


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


def taught(pupil: Pupil) -> Logistic:
    """The confidence.

    Raises:
        PolicyError: there is too little to learn from.
    """
    rows, groups, features, seed = pupil.rows, pupil.groups, pupil.features, pupil.seed
    if pupil.aim == "right":
        right = [way.right for way in pupil.small]
        return fit(rows, right, groups=groups, features=features, seed=seed)
    stakes = _gains(pupil), _costs(pupil)
    return fit_worth(rows, *stakes, groups=groups, features=features, seed=seed)


def unseen(pupil: Pupil) -> list[float]:
    """The confidence in each, learned without it and its group.

    Raises:
        PolicyError: there is too little to learn from.
    """
    rows, groups, features, seed = pupil.rows, pupil.groups, pupil.features, pupil.seed
    if pupil.aim == "right":
        right = [way.right for way in pupil.small]
        return cross_fitted(rows, right, groups=groups, features=features, seed=seed)
    stakes = _gains(pupil), _costs(pupil)
    return cross_fitted_worth(rows, *stakes, groups=groups, features=features, seed=seed)


def _gains(pupil: Pupil) -> list[float]:
    """What escalating would gain in score."""
    return [
        large.score - small.score for small, large in zip(pupil.small, pupil.large, strict=True)
    ]


def _costs(pupil: Pupil) -> list[float]:
    """What escalating costs more: the large model's answer; `pre` saves the draft by it."""
    ways = [*pupil.small, *pupil.large]
    priced = all(way.cost_usd is not None for way in ways) and any(way.cost_usd for way in ways)
    unit = "usd" if priced else "seconds"
    return [
        large.cost(unit) - (small.cost(unit) if pupil.mode == "pre" else 0.0)
        for small, large in zip(pupil.small, pupil.large, strict=True)
    ]
