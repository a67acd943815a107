"""Quality against cost over all thresholds, from forks; intervals by resampling questions.

The sums are `policies.sweep` and `policies.curve`; a fork tells them also of questions that a rule
or a failure decided, and of answers that are neither model's own.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sprat.policies.curve import POINT, Spot, recovered
from sprat.policies.points import Point
from sprat.policies.resample import CONFIDENCE, Estimate, draws, estimate
from sprat.policies.sweep import Sweep, sweep
from sprat.studies.hybrid.forks import Fork, Unit, Way

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def weights_of(groups: Sequence[str], seed: int) -> "Floats":
    """One row per resample, adding up to 1: whole groups are drawn; the first row is the sample."""
    import numpy as np

    rows = np.vstack([np.ones((1, len(groups))), draws(groups, seed=seed)])
    return rows / rows.sum(axis=1, keepdims=True)


def operating(forks: Sequence[Fork], weights: "Floats", unit: Unit) -> Sweep:
    """What each threshold costs and brings: a row per resample, the ends both models alone."""
    import numpy as np

    found = sweep([point_of(fork, unit) for fork in forks], weights)
    return found._replace(
        small_quality=weights @ np.array([fork.small.score for fork in forks]),
        large_quality=weights @ np.array([fork.large.score for fork in forks]),
    )


def point_of(fork: Fork, unit: Unit) -> Point:
    """A fork's two ways; one that was decided beforehand is the surest of all."""
    extra_cost = fork.accepted.cost(unit) - fork.small.cost(unit)
    return Point(
        confidence=float("inf") if fork.confidence is None else fork.confidence,
        small_score=fork.accepted.score,
        large_score=fork.escalated.score,
        small_right=fork.small.right,
        large_right=fork.large.right,
        small_cost=fork.small.cost(unit),
        large_cost=fork.large.cost(unit),
        extra_cost=extra_cost,
        draft_cost=0.0,
        answer_cost=fork.escalated.cost(unit) - extra_cost,
        group=fork.group,
    )


def apgr(found: Sweep) -> Estimate:
    """Mean share of the quality gap recovered, over costs from small alone to large alone.

    None: the large model is no better, or no dearer.
    """
    import numpy as np

    areas = recovered(found)
    own = float(areas[0])
    return estimate(own, areas[1:]) if np.isfinite(own) else Estimate(None)


def lead(ways: Sequence[Way], weights: "Floats", unit: Unit, found: Sweep) -> Estimate:
    """The score of these ways minus that of random escalation at the same cost.

    What costs more than the large model alone is held against that one.
    """
    import numpy as np

    score = weights @ np.array([way.score for way in ways])
    cost = weights @ np.array([way.cost(unit) for way in ways])
    dearer = found.large_cost - found.small_cost
    share = np.where(
        dearer > 0, (cost - found.small_cost) / np.where(dearer > 0, dearer, 1.0), 1.0
    ).clip(0, 1)
    random = found.small_quality + share * (found.large_quality - found.small_quality)
    above = np.round(score - random, 12)  # the models themselves are not above themselves
    return estimate(float(above[0]), above[1:])


def mean_of(values: Sequence[float], weights: "Floats") -> Estimate:
    """A mean over questions."""
    import numpy as np

    means = weights @ np.asarray(values, dtype=np.float64)
    return estimate(float(means[0]), means[1:])


def spots_of(found: Sweep) -> tuple[Spot, ...]:
    """The curve, with its band; from accepting everything to accepting nothing."""
    import numpy as np

    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(found.quality[1:], [tail, 100 - tail], axis=0)
    return tuple(
        Spot(
            cost=float(found.cost[0, at]),
            quality=float(found.quality[0, at]),
            low=float(low[at]),
            high=float(high[at]),
            threshold=_threshold(found, at),
            escalated=float(found.escalated[0, at]),
        )
        for at in range(found.cost.shape[1])
    )


def _threshold(found: Sweep, at: int) -> float | None:
    import numpy as np

    value = float(found.thresholds[at])
    return value if np.isfinite(value) else None


def oracle(forks: Sequence[Fork], unit: Unit) -> tuple[Spot, ...]:
    """Chosen by whoever knows the scores: what gains most per cost is escalated first."""
    gains = [
        (f.escalated.score - f.accepted.score, f.escalated.cost(unit) - f.accepted.cost(unit))
        for f in forks
    ]
    worth = sorted((g for g in gains if g[0] > 0), key=lambda g: -g[0] / max(g[1], 1e-12))
    n = len(forks)
    cost = sum(f.accepted.cost(unit) for f in forks) / n
    quality = sum(f.accepted.score for f in forks) / n
    spots = [Spot(cost=cost, quality=quality)]
    for gain, more in worth:
        cost, quality = cost + more / n, quality + gain / n
        spots.append(Spot(cost=cost, quality=quality))
    return tuple(spots)


def enough_of(found: Sweep) -> Spot | None:
    """The cheapest threshold within one point of the large model alone."""
    wanted = float(found.large_quality[0]) - POINT - 1e-9
    fits = [
        Spot(cost=float(cost), quality=float(quality), threshold=_threshold(found, at))
        for at, (cost, quality) in enumerate(zip(found.cost[0], found.quality[0], strict=True))
        if quality >= wanted
    ]
    return min(fits, key=lambda spot: spot.cost, default=None)
