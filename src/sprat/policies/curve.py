"""Quality against cost over all thresholds of a policy, beside what it must be held against.

Definitions and sources: docs/confidence.md.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sprat.errors import PolicyError
from sprat.policies.points import Point, groups_in
from sprat.policies.resample import RESAMPLES, Estimate, draws, estimate
from sprat.policies.sweep import Sweep, area, sweep

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POINT = 0.01
"""One point of a score of 0 to 1."""
_NOTHING = 1e-12


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Where one threshold leads: means over the questions."""

    cost: float
    quality: float
    low: float | None = None
    """The 95% interval of the quality; None: not resampled."""
    high: float | None = None
    threshold: float | None = None
    """Accepted from this confidence on; None: nothing is accepted, or no threshold is meant."""
    escalated: float | None = None
    """The share of questions; None: no threshold is meant."""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A policy at every threshold. Random escalation is the straight line from small to large."""

    n: int
    small: Spot
    large: Spot
    policy: tuple[Spot, ...]
    """From accepting everything to accepting nothing."""
    oracle: tuple[Spot, ...]
    """With the same drafts paid for, but knowing both scores."""
    apgr: Estimate
    """Area under the recovered share of the gap between the models, over the share of the
    difference in cost; random escalation has 0.5. None: the large model is not better, or not
    dearer."""
    oracle_apgr: float | None
    lift: Estimate
    """The mean gain in quality over random escalation at equal cost, in score: known where the
    large model is dearer, also if it is no better."""
    near_large: Estimate
    """The cheapest cost, as a share of the large model's, within one point of its quality; chosen
    on the questions that it is told of. None: no threshold comes so near."""
    near_threshold: float | None


def curve(points: Sequence[Point], *, seed: int = 0, resamples: int = RESAMPLES) -> Curve:
    """The curve of a policy, its areas, and their intervals over questions, groups drawn whole.

    Raises:
        PolicyError: there is no question.

    Source: Ong et al. (2024), RouteLLM, arXiv:2406.18665 (APGR), with the cost of
    everything that was paid in the place of the share of calls.
    """
    import numpy as np

    if not points:
        raise PolicyError("No question has a score on both sides.", fix="Ask more: --limit.")
    own = sweep(points, np.ones((1, len(points))))
    drawn = sweep(points, draws(groups_in(points), seed=seed, resamples=resamples))
    spots = _spots(own, drawn)
    oracle = _oracle(points)
    near = _nearest(own)
    return Curve(
        n=len(points),
        small=Spot(cost=float(own.small_cost[0]), quality=float(own.small_quality[0])),
        large=Spot(cost=float(own.large_cost[0]), quality=float(own.large_quality[0])),
        policy=spots,
        oracle=oracle,
        apgr=estimate(_known(recovered(own)), recovered(drawn)),
        oracle_apgr=_known(_recovered_by(oracle, own)),
        lift=estimate(_known(lifted(own)), lifted(drawn)),
        near_large=estimate(_known(_near_shares(own)), _near_shares(drawn)),
        near_threshold=None if near is None else spots[near].threshold,
    )


def recovered(found: Sweep) -> "Floats":
    """The APGR of each resample; minus infinity where the large model is no better, or no dearer.

    Nothing can be recovered there, so such a resample speaks against the policy.
    """
    import numpy as np

    dearer, better = _gaps(found)
    known = (dearer > _NOTHING) & (better > _NOTHING)
    x, y = _shares(found)
    found_area = area(x, y / np.where(known, better, 1.0)[:, None])
    return np.where(known, found_area, -np.inf)


def lifted(found: Sweep) -> "Floats":
    """The mean of quality minus that of random escalation, over equal costs; else not a number."""
    import numpy as np

    dearer, better = _gaps(found)
    x, y = _shares(found)
    return np.where(dearer > _NOTHING, area(x, y) - better / 2, np.nan)


def _gaps(found: Sweep) -> tuple["Floats", "Floats"]:
    return found.large_cost - found.small_cost, found.large_quality - found.small_quality


def _shares(found: Sweep) -> tuple["Floats", "Floats"]:
    """Costs as shares of the difference between the models; quality above the small one's."""
    import numpy as np

    dearer, _ = _gaps(found)
    scale = np.where(dearer > _NOTHING, dearer, 1.0)[:, None]
    x = (found.cost - found.small_cost[:, None]) / scale
    return x, found.quality - found.small_quality[:, None]


def _near_shares(found: Sweep) -> "Floats":
    """The cheapest share of the large model's cost within a point of it; infinity: none is."""
    import numpy as np

    near = found.quality >= found.large_quality[:, None] - POINT - _NOTHING
    shares = found.cost / np.maximum(found.large_cost, _NOTHING)[:, None]
    return np.where(near, shares, np.inf).min(axis=1)


def _nearest(found: Sweep) -> int | None:
    import numpy as np

    near = found.quality[0] >= found.large_quality[0] - POINT - _NOTHING
    return int(np.argmin(np.where(near, found.cost[0], np.inf))) if near.any() else None


def _spots(own: Sweep, drawn: Sweep) -> tuple[Spot, ...]:
    import numpy as np

    low, high = np.quantile(drawn.quality, [0.025, 0.975], axis=0)
    return tuple(
        Spot(
            cost=float(own.cost[0, at]),
            quality=float(own.quality[0, at]),
            low=float(low[at]),
            high=float(high[at]),
            threshold=_finite(float(own.thresholds[at])),
            escalated=float(own.escalated[0, at]),
        )
        for at in range(own.cost.shape[1])
    )


def _oracle(points: Sequence[Point]) -> tuple[Spot, ...]:
    """Whoever knows both scores escalates what gains most for its cost first, and no loss."""
    gains = [
        (point.large_score - point.small_score, point.escalated_cost - point.accepted_cost)
        for point in points
    ]
    worth = sorted(
        (gain for gain in gains if gain[0] > 0), key=lambda gain: -gain[0] / max(gain[1], _NOTHING)
    )
    n = len(points)
    cost = sum(point.accepted_cost for point in points) / n
    quality = sum(point.small_score for point in points) / n
    spots = [Spot(cost=cost, quality=quality, escalated=0.0)]
    for count, (gain, more) in enumerate(worth, 1):
        cost, quality = cost + more / n, quality + gain / n
        spots.append(Spot(cost=cost, quality=quality, escalated=count / n))
    return tuple(spots)


def _recovered_by(spots: Sequence[Spot], own: Sweep) -> "Floats":
    import numpy as np

    cost, quality = [spot.cost for spot in spots], [spot.quality for spot in spots]
    line = own._replace(cost=np.array([cost]), quality=np.array([quality]))
    return recovered(line)


def _known(values: "Floats") -> float | None:
    return _finite(float(values[0]))


def _finite(value: float) -> float | None:
    import math

    return value if math.isfinite(value) else None
