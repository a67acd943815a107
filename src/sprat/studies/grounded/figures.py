"""One number over many questions, with its 95% interval and how many questions it is of."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from sprat.policies.resample import draws, estimate
from sprat.runs.intervals import mean_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


_CELLS = 2_000_000
"""Weights computed with at once."""


class Figure(msgspec.Struct, frozen=True):
    """A number of this evaluation; all None: there is nothing that it could be told of."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    """Questions (or whatever it is a share of)."""


def mean(
    values: Sequence[float | None], *, seed: int = 0, groups: Sequence[str] | None = None
) -> Figure:
    """The mean of values between 0 and 1, those that are None left out; one group per value."""
    known = [float(value) for value in values if value is not None]
    if groups is not None:
        pairs = zip(groups, values, strict=True)
        groups = [group for group, value in pairs if value is not None]
    interval = mean_interval(known, 0.0, 1.0, groups=groups, seed=seed)
    if interval is None:
        return Figure(None)
    return Figure(sum(known) / len(known), interval.low, interval.high, len(known))


def resampled(
    n: int,
    compute: Callable[["Floats"], "Floats"],
    *,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> Figure:
    """What `compute` makes of weights (a row per resample, a column per question), resampled.

    Its first row is the sample itself; not-a-number where it cannot be told. Whole groups are
    drawn; without any, each question is its own.
    """
    import math

    import numpy as np

    if not n:
        return Figure(None)
    groups = [str(place) for place in range(n)] if groups is None else groups
    weights = np.vstack([np.ones((1, n)), draws(groups, seed=seed)])
    step = max(1, _CELLS // n)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [compute(weights[at : at + step]) for at in range(0, len(weights), step)]
    rows = np.concatenate(parts)
    value = float(rows[0])
    if math.isnan(value):
        return Figure(None)
    found = estimate(value, rows[1:])
    return Figure(found.value, found.low, found.high, n)


def ratio(above: Sequence[float], below: Sequence[float], *, seed: int = 0) -> Figure:
    """A sum over a sum, both of the same questions; None where the lower one is 0."""
    import numpy as np

    top, bottom = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    return resampled(len(top), lambda weights: (weights @ top) / (weights @ bottom), seed=seed)
