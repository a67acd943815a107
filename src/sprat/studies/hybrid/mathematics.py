"""Quality against cost over all thresholds, from forks; intervals by resampling questions.

Definitions: docs/confidence.md. numpy is loaded when something is computed.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sprat.policies.resample import CONFIDENCE, Estimate, draws, estimate
from sprat.studies.hybrid.forks import Fork, Unit, Way
from sprat.studies.hybrid.result import Spot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

POINT = 0.01
"""One point of a score of 0 to 1."""


class Operating(NamedTuple):
    """Every threshold that makes a difference, from accepting all to accepting nothing.

    `cost` and `quality` have a row per resample and a column per threshold; the four ends a value
    per resample.
    """

    thresholds: "Floats"
    cost: "Floats"
    quality: "Floats"
    small_cost: "Floats"
    small_quality: "Floats"
    large_cost: "Floats"
    large_quality: "Floats"


def weights_of(groups: Sequence[str], seed: int) -> "Floats":
    """One row per resample, adding up to 1: whole groups are drawn; the first row is the sample."""
    import numpy as np

    rows = np.vstack([np.ones((1, len(groups))), draws(groups, seed=seed)])
    return rows / rows.sum(axis=1, keepdims=True)


def operating(forks: Sequence[Fork], weights: "Floats", unit: Unit) -> Operating:
    """What each threshold costs and brings; answers of one confidence are never parted."""
    import numpy as np

    order = sorted(range(len(forks)), key=lambda place: -_confidence(forks[place]))
    surest = [forks[place] for place in order]
    rows = weights[:, order]
    sure = np.array([_confidence(fork) for fork in surest])
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], True)) + 1
    edges = np.concatenate([[0], ends])[::-1]
    thresholds = np.where(edges > 0, sure[np.maximum(edges, 1) - 1], np.inf)
    return Operating(
        thresholds,
        _mixed(rows, surest, lambda way: way.cost(unit), edges),
        _mixed(rows, surest, lambda way: way.score, edges),
        rows @ np.array([fork.small.cost(unit) for fork in surest]),
        rows @ np.array([fork.small.score for fork in surest]),
        rows @ np.array([fork.large.cost(unit) for fork in surest]),
        rows @ np.array([fork.large.score for fork in surest]),
    )


def _confidence(fork: Fork) -> float:
    return float("inf") if fork.confidence is None else fork.confidence


def _mixed(
    rows: "Floats", surest: Sequence[Fork], value: Callable[[Way], float], edges: "Places"
) -> "Floats":
    """Mean over the surest so many accepted and the others escalated."""
    import numpy as np

    first = rows * np.array([value(fork.accepted) for fork in surest])
    other = rows * np.array([value(fork.escalated) for fork in surest])
    start = np.zeros((len(rows), 1))
    accepted = np.hstack([start, np.cumsum(first, axis=1)])
    escalated = np.hstack([start, np.cumsum(other, axis=1)])
    return accepted[:, edges] + escalated[:, -1:] - escalated[:, edges]


def apgr(found: Operating) -> Estimate:
    """Mean share of the quality gap recovered over costs from small alone to large alone.

    Between two neighbouring thresholds lies a straight line (choosing at random between them), as
    between small alone and the cheapest threshold; past the dearest one nothing is gained. None:
    the large model is no better, or no dearer.

    Source: Ong et al. (2024), RouteLLM, arXiv:2406.18665, section 3 (with cost in the place of
    calls).
    """
    import numpy as np

    areas = [_area(found, row) for row in range(len(found.cost))]
    if areas[0] is None:
        return Estimate(None)
    rest = [np.nan if area is None else area for area in areas[1:]]
    return estimate(areas[0], np.array(rest))


def _area(found: Operating, row: int) -> float | None:
    import numpy as np

    dearer = found.large_cost[row] - found.small_cost[row]
    better = found.large_quality[row] - found.small_quality[row]
    if dearer <= 1e-12 or better <= 1e-12:
        return None
    x = np.maximum.accumulate(np.append(0.0, (found.cost[row] - found.small_cost[row]) / dearer))
    y = np.append(0.0, (found.quality[row] - found.small_quality[row]) / better)
    last = float(np.interp(1.0, x, y))
    inside = x < 1
    across, up = np.append(x[inside], 1.0), np.append(y[inside], last)
    return float(np.sum((across[1:] - across[:-1]) * (up[1:] + up[:-1]) / 2))


def mean_of(values: Sequence[float], weights: "Floats") -> Estimate:
    """A mean over questions."""
    import numpy as np

    means = weights @ np.asarray(values, dtype=np.float64)
    return estimate(float(means[0]), means[1:])


def spots_of(found: Operating) -> tuple[Spot, ...]:
    """The curve, with its band; from the cheapest threshold to the dearest."""
    import numpy as np

    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(found.quality[1:], [tail, 100 - tail], axis=0)
    return tuple(
        Spot(
            float(found.cost[0, at]), float(found.quality[0, at]), _threshold(found, at),
            float(low[at]), float(high[at]),
        )
        for at in range(found.cost.shape[1])
    )  # fmt: skip


def _threshold(found: Operating, at: int) -> float | None:
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
    spots = [Spot(cost, quality)]
    for gain, more in worth:
        cost, quality = cost + more / n, quality + gain / n
        spots.append(Spot(cost, quality))
    return tuple(spots)


def enough_of(found: Operating) -> Spot | None:
    """The cheapest threshold within one point of the large model alone."""
    wanted = float(found.large_quality[0]) - POINT - 1e-9
    fits = [
        Spot(float(cost), float(quality), _threshold(found, at))
        for at, (cost, quality) in enumerate(zip(found.cost[0], found.quality[0], strict=True))
        if quality >= wanted
    ]
    return min(fits, key=lambda spot: spot.cost, default=None)
