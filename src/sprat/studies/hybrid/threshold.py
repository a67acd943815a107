"""The threshold: certified for a target error, or the best that a budget allows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from sprat.policies.allowance import Budgeted, budget_threshold
from sprat.policies.certify import Certificate, NotCertifiable, Scored, certify
from sprat.studies.hybrid import learning
from sprat.studies.hybrid.forks import Fork, unit_of
from sprat.studies.hybrid.learning import Pupil
from sprat.studies.hybrid.mathematics import point_of
from sprat.studies.hybrid.wish import Wish

NOTHING = 1.0
"""A threshold that hardly any confidence reaches: what is taken where none would do."""


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
        unit = unit_of([*tune, *part.certify])
        found = budget_threshold(
            [point_of(fork, unit) for fork in tune],
            [point_of(fork, unit) for fork in part.certify],
            part.wish.budget,
            delta=part.wish.delta,
            seed=part.wish.seed,
        )
        return NOTHING if found.threshold is None else min(NOTHING, found.threshold), found
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
    confidences = learning.unseen(
        Pupil(
            part.wish.aim,
            part.wish.mode,
            [part.rows.get(fork.question, {}) for fork in part.tune],
            [fork.small for fork in part.tune],
            [fork.large for fork in part.tune],
            [fork.group for fork in part.tune],
            part.features,
            part.wish.seed,
        )
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
