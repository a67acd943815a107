"""The threshold: certified for a target error, or the best that a budget allows."""

from collections.abc import Sequence
from typing import NamedTuple

from sprat.policies.allowance import Budgeted, budget_threshold
from sprat.policies.certify import Certificate, NotCertifiable, Scored, certify
from sprat.studies.hybrid.forks import Fork, Unit
from sprat.studies.hybrid.mathematics import point_of
from sprat.studies.hybrid.wish import Wish


class Part(NamedTuple):
    """What a threshold is chosen by."""

    wish: Wish
    tune: Sequence[Fork]
    """Each question judged by a confidence that was learned without it."""
    certify: Sequence[Fork]
    unit: Unit


Found = Certificate | NotCertifiable | Budgeted


def chosen_threshold(part: Part) -> tuple[float | None, Found]:
    """The threshold, and what stands behind it; None: nothing is to be accepted.

    Where nothing can be certified it is the one that the tune split would have: for --force.

    Raises:
        PolicyError: no threshold keeps to the budget.
    """
    if part.wish.budget is not None:
        found = budget_threshold(
            [point_of(fork, part.unit) for fork in part.tune],
            [point_of(fork, part.unit) for fork in part.certify],
            part.wish.budget,
            delta=part.wish.delta,
            seed=part.wish.seed,
        )
        return found.threshold, found
    target = part.wish.target_error or 0.0
    scored = scored_of(part.tune)
    sealed = certify(scored, scored_of(part.certify), target, part.wish.delta)
    if isinstance(sealed, Certificate):
        return sealed.threshold, sealed
    return _hoped_for(scored, target), sealed


def scored_of(forks: Sequence[Fork]) -> list[Scored]:
    """How sure and how right; a question that a rule decides has no part in it."""
    return [
        Scored(fork.confidence, fork.small.right, fork.group)
        for fork in forks
        if fork.confidence is not None
    ]


def _hoped_for(tune: Sequence[Scored], target: float) -> float | None:
    """The lowest threshold at which the tune split keeps to the target; None: there is none."""
    ranked = sorted(tune, key=lambda one: -one.confidence)
    wrong, threshold = 0, None
    for count, one in enumerate(ranked, 1):
        wrong += not one.right
        last = count == len(ranked) or ranked[count].confidence != one.confidence
        if last and wrong / count <= target:
            threshold = one.confidence
    return threshold
