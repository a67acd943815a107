"""A policy at one threshold: what it is worth, and whom it harms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sprat.errors import PolicyError
from sprat.policies.points import Point, groups_in
from sprat.policies.resample import RESAMPLES, Estimate, draws, estimate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class AtThreshold(msgspec.Struct, frozen=True, kw_only=True):
    """Means over the questions, each with its bootstrap interval, groups drawn whole."""

    threshold: float | None
    """None: nothing is accepted."""
    n: int
    accepted: Estimate
    """Share."""
    quality: Estimate
    cost: Estimate
    cost_share: Estimate
    """Of the large model's cost."""
    gap: Estimate
    """Quality minus the large model's."""
    above_random: Estimate
    """Quality minus that of random escalation at the same cost; past the large model's cost, minus
    the large model's. None: the large model is not dearer."""
    harm: Estimate
    """Share of questions whose draft was right, and whose final answer is wrong."""
    waste: Estimate
    """Share of questions whose draft was paid for, and thrown away."""


def stand(
    points: Sequence[Point],
    threshold: float | None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> AtThreshold:
    """How a policy with this threshold fares on these questions.

    Raises:
        PolicyError: there is no question.
    """
    import numpy as np

    if not points:
        raise PolicyError("No question has a score on both sides.", fix="Ask more: --limit.")
    kept = [point.accepts(threshold) for point in points]
    columns = np.array(
        [_row(point, accepted) for point, accepted in zip(points, kept, strict=True)], dtype=float
    )
    weights = draws(groups_in(points), seed=seed, resamples=resamples)
    own = columns.mean(axis=0, keepdims=True)
    drawn = (weights @ columns) / weights.sum(axis=1, keepdims=True)
    mine, theirs = _measures(own), _measures(drawn)
    told = {name: estimate(_known(value), theirs[name]) for name, value in mine.items()}
    return AtThreshold(threshold=threshold, n=len(points), **told)


def _row(point: Point, accepted: bool) -> tuple[float, ...]:
    quality = point.small_score if accepted else point.large_score
    cost = point.accepted_cost if accepted else point.escalated_cost
    harmed = not accepted and point.small_right and not point.large_right
    wasted = not accepted and point.wasted_cost > 0
    alone = (point.small_score, point.small_cost, point.large_score, point.large_cost)
    return (accepted, quality, cost, harmed, wasted, *alone)


def _measures(means: "Floats") -> dict[str, "Floats"]:
    """Everything that is told of rows of means, in the columns of `_row`."""
    return {
        "accepted": means[:, 0],
        "quality": means[:, 1],
        "cost": means[:, 2],
        "cost_share": _cost_share(means),
        "gap": means[:, 1] - means[:, 7],
        "above_random": _above_random(means),
        "harm": means[:, 3],
        "waste": means[:, 4],
    }


def _above_random(means: "Floats") -> "Floats":
    import numpy as np

    quality, cost = means[:, 1], means[:, 2]
    small_quality, small_cost, large_quality, large_cost = means[:, 5:].T
    dearer = large_cost - small_cost
    known = dearer > 1e-12
    share = np.clip((cost - small_cost) / np.where(known, dearer, 1.0), 0.0, 1.0)
    line = small_quality + share * (large_quality - small_quality)
    return np.where(known, quality - line, np.nan)


def _cost_share(means: "Floats") -> "Floats":
    import numpy as np

    known = means[:, 8] > 0
    return np.where(known, means[:, 2] / np.where(known, means[:, 8], 1.0), np.nan)


def _known(values: "Floats") -> float | None:
    import math

    value = float(values[0])
    return value if math.isfinite(value) else None
