"""The threshold: certified for a target error, or the best that a budget allows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from sprat.errors import PolicyError
from sprat.policies.certify import Certificate, NotCertifiable, Scored, certify
from sprat.policies.fit import cross_fitted
from sprat.policies.resample import draws
from sprat.studies.hybrid import mathematics
from sprat.studies.hybrid.forks import Fork, unit_of
from sprat.studies.hybrid.wish import Wish

NOTHING = 1.0
"""A threshold that hardly any confidence reaches: what is taken where none would do."""


class Budgeted(msgspec.Struct, frozen=True, kw_only=True):
    """A threshold chosen for a budget."""

    budget: float
    """Share of the large model's cost."""
    threshold: float
    unit: str
    cost: float
    """The share that it took on the certify split."""
    upper: float
    """With probability 1 - delta it takes no more than this."""
    delta: float
    n: int


class Part(NamedTuple):
    """What a threshold is chosen by."""

    wish: Wish
    tune: Sequence[Fork]
    certify: Sequence[Fork]
    rows: Mapping[str, Mapping[str, float]]
    features: Sequence[str] | None
    """None: nothing was learned, rules decide."""


Found = Certificate | NotCertifiable | Budgeted


def chosen_threshold(part: Part) -> tuple[float, Found]:
    """The threshold, and what stands behind it.

    Where nothing can be certified it is the one that the tune split would have: for --force.

    Raises:
        PolicyError: no threshold keeps to the budget.
    """
    tune = unseen(part)
    if part.wish.budget is not None:
        found = _budgeted(part.wish, tune, part.certify, part.wish.budget)
        return found.threshold, found
    target = part.wish.target_error or 0.0
    scored = scored_of(tune)
    sealed = certify(scored, scored_of(part.certify), target, part.wish.delta)
    if isinstance(sealed, Certificate):
        return sealed.threshold, sealed
    return _hoped_for(scored, target), sealed


def unseen(part: Part) -> list[Fork]:
    """The tune split, each question judged by a confidence that was learned without it."""
    if part.features is None:
        return list(part.tune)
    confidences = cross_fitted(
        [part.rows.get(fork.question, {}) for fork in part.tune],
        [fork.small.right for fork in part.tune],
        groups=[fork.group for fork in part.tune],
        features=part.features,
        seed=part.wish.seed,
    )
    return [
        msgspec.structs.replace(fork, confidence=None if fork.confidence is None else sure)
        for fork, sure in zip(part.tune, confidences, strict=True)
    ]


def scored_of(forks: Sequence[Fork]) -> list[Scored]:
    """How sure and how right; a question that a rule decides has no part in it."""
    return [
        Scored(fork.confidence, fork.small.right, fork.group)
        for fork in forks
        if fork.confidence is not None
    ]


def _hoped_for(tune: Sequence[Scored], target: float) -> float:
    """The lowest threshold at which the tune split keeps to the target."""
    ranked = sorted(tune, key=lambda one: -one.confidence)
    wrong, threshold = 0, NOTHING
    for count, one in enumerate(ranked, 1):
        wrong += not one.right
        last = count == len(ranked) or ranked[count].confidence != one.confidence
        if last and wrong / count <= target:
            threshold = one.confidence
    return threshold


def _budgeted(wish: Wish, tune: Sequence[Fork], rest: Sequence[Fork], budget: float) -> Budgeted:
    unit = unit_of([*tune, *rest])
    weights = mathematics.weights_of([fork.group for fork in tune], wish.seed)[:1]
    found = mathematics.operating(tune, weights, unit)
    fits = [
        (quality, -cost, threshold)
        for cost, quality, threshold in zip(
            found.cost[0], found.quality[0], found.thresholds, strict=True
        )
        if cost <= budget * found.large_cost[0] + 1e-12
    ]
    if not fits:
        least = float(found.cost[0].min() / found.large_cost[0])
        raise PolicyError(
            f"No threshold keeps to {budget:.0%} of the large model's {unit}: the cheapest takes "
            f"{least:.0%}.",
            fix=f"Try: --budget {least + 0.05:.2f}",
        )
    threshold = min(NOTHING, float(max(fits)[2]))
    cost, upper = _cost_bound(rest, threshold, wish)
    return Budgeted(
        budget=budget, threshold=threshold, unit=unit, cost=cost, upper=upper, delta=wish.delta,
        n=len(rest),
    )  # fmt: skip


def _cost_bound(forks: Sequence[Fork], threshold: float, wish: Wish) -> tuple[float, float]:
    """The share of the large model's cost, and its one-sided bootstrap bound.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    import numpy as np

    unit = unit_of(forks)
    ours = np.array([fork.at(threshold).cost(unit) for fork in forks])
    theirs = np.array([fork.large.cost(unit) for fork in forks])
    weights = draws([fork.group for fork in forks], seed=wish.seed)
    shares = (weights @ ours) / np.maximum(weights @ theirs, 1e-12)
    return float(ours.sum() / theirs.sum()), float(np.quantile(shares, 1 - wish.delta))
