"""Intervals of a figure measured in rounds, whose neighbours are not independent of each other.

Rounds are resampled whole (block bootstrap), so that what the requests of one round share, a busy
machine or a warm cache, stays together. Everything takes one list of values per round.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sprat.runs.intervals import CONFIDENCE, Interval, z_value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

MIN_ROUNDS = 3
"""Fewer have no interval: two rounds resample to three different sets."""
RESAMPLES = 2_000
_CELLS = 2_000_000

Rounds = Sequence[Sequence[float]]


def median_interval(rounds: Rounds, *, seed: int = 0) -> Interval | None:
    """Of the median over all values of all rounds; None below `MIN_ROUNDS` that have values.

    Source: Davison & Hinkley (1997), Bootstrap Methods and their Application, sections 3.8 and 8.2.
    """
    known = [values for values in rounds if values]
    if len(known) < MIN_ROUNDS:
        return None
    return _expanded(_medians(known, _chosen(len(known), seed)), len(known))


def rate_interval(
    amounts: Sequence[float], seconds: Sequence[float], *, seed: int = 0
) -> Interval | None:
    """Of the sum of amounts over the sum of seconds, one of each per round."""
    import numpy as np

    if len(amounts) < MIN_ROUNDS:
        return None
    chosen = _chosen(len(amounts), seed)
    rates = np.asarray(amounts)[chosen].sum(axis=1) / np.asarray(seconds)[chosen].sum(axis=1)
    return _expanded(rates, len(amounts))


def median_ratio_interval(ours: Rounds, theirs: Rounds, *, seed: int = 0) -> Interval | None:
    """Of our median over theirs; the same rounds of both are drawn together, as they were asked."""
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=False) if a and b]
    if len(pairs) < MIN_ROUNDS:
        return None
    chosen = _chosen(len(pairs), seed)
    ratios = _medians([a for a, _ in pairs], chosen) / _medians([b for _, b in pairs], chosen)
    return _expanded(ratios, len(pairs))


def t_value(freedom: int, confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of Student's t; within 4% for 2 degrees of freedom, 0.3% from 4 on.

    Source: Abramowitz & Stegun (1964), 26.7.5.
    """
    z, n = z_value(confidence), freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def _chosen(rounds: int, seed: int) -> "Indices":
    import numpy as np

    return np.random.default_rng(seed).integers(0, rounds, size=(RESAMPLES, rounds))


def _medians(rounds: Rounds, chosen: "Indices") -> "Floats":
    """The median of each resample, some thousand cells at a time."""
    import numpy as np

    longest = max(len(values) for values in rounds)
    table = np.full((len(rounds), longest), np.nan)
    for row, values in zip(table, rounds, strict=True):
        row[: len(values)] = values
    median = np.nanmedian if np.isnan(table).any() else np.median
    step = max(1, _CELLS // (table.size or 1))
    parts = [chosen[at : at + step] for at in range(0, len(chosen), step)]
    return np.concatenate([median(table[part].reshape(len(part), -1), axis=1) for part in parts])


def _expanded(resampled: "Floats", rounds: int) -> Interval:
    """The percentile interval, drawn wider as few rounds demand.

    Source: Hesterberg (2015), The American Statistician 69:371 (the expanded percentile interval).
    """
    from statistics import NormalDist

    import numpy as np

    tail = NormalDist().cdf(-math.sqrt(rounds / (rounds - 1)) * t_value(rounds - 1))
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(float(low), float(high))
