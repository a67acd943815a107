"""Every threshold of a policy over a set of questions, in every resample at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sprat.policies.points import Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Sweep(NamedTuple):
    """A row per resample; a column per threshold, from accepting everything to accepting nothing.

    The last four have one value per resample: the two models alone.
    """

    thresholds: "Floats"
    """Infinity in the last: nothing is accepted."""
    escalated: "Floats"
    """Shares."""
    cost: "Floats"
    quality: "Floats"
    small_cost: "Floats"
    small_quality: "Floats"
    large_cost: "Floats"
    large_quality: "Floats"


def sweep(points: Sequence[Point], weights: "Floats") -> Sweep:
    """Means over the questions as `weights` counts them; equal confidences are never parted."""
    import numpy as np

    ranked = sorted(points, key=lambda point: point.confidence)
    order = np.argsort([point.confidence for point in points], kind="stable")
    rows = weights[:, order] / weights.sum(axis=1, keepdims=True)
    sure = np.array([point.confidence for point in ranked])
    first = np.flatnonzero(np.append(True, sure[1:] != sure[:-1]))
    columns = np.append(first, len(ranked))
    return Sweep(
        np.append(sure[first], np.inf),
        _mixed(rows, [0.0] * len(ranked), [1.0] * len(ranked), columns),
        _mixed(
            rows,
            [point.accepted_cost for point in ranked],
            [point.escalated_cost for point in ranked],
            columns,
        ),
        _mixed(
            rows,
            [point.small_score for point in ranked],
            [point.large_score for point in ranked],
            columns,
        ),
        rows @ np.array([point.small_cost for point in ranked]),
        rows @ np.array([point.small_score for point in ranked]),
        rows @ np.array([point.large_cost for point in ranked]),
        rows @ np.array([point.large_score for point in ranked]),
    )


def _mixed(
    rows: "Floats",
    accepted: Sequence[float],
    escalated: Sequence[float],
    columns: "NDArray[np.intp]",
) -> "Floats":
    """The mean when the so many least sure are escalated, and the others accepted."""
    import numpy as np

    change = rows * (np.array(escalated) - np.array(accepted))
    start = rows @ np.array(accepted)
    steps = np.hstack([np.zeros((len(rows), 1)), np.cumsum(change, axis=1)])
    return start[:, None] + steps[:, columns]


def area(x: "Floats", y: "Floats") -> "Floats":
    """The area below each row's broken line from (0, 0) on, for x from 0 to 1.

    A step back in x counts as none. Past its last point a line stays level.
    """
    import numpy as np

    zero = np.zeros((len(x), 1))
    x = np.maximum.accumulate(np.hstack([zero, x]), axis=1)
    y = np.hstack([zero, y])
    left, right = np.minimum(x[:, :-1], 1.0), np.minimum(x[:, 1:], 1.0)
    width = np.diff(x, axis=1)
    slope = np.divide(np.diff(y, axis=1), width, out=np.zeros_like(width), where=width > 0)
    middle = y[:, :-1] + slope * ((left + right) / 2 - x[:, :-1])
    rest = (1 - np.minimum(x[:, -1], 1.0)) * y[:, -1]
    return ((right - left) * middle).sum(axis=1) + rest
