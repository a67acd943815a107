"""Has something changed? Two tests that need nothing but plain Python."""

import math
from collections.abc import Sequence
from functools import lru_cache

_LARGER = 32
"""Shares that are held against the one that is allowed."""
_MOST = 700.0
"""e to this is still a number."""


def spent(level: float, look: int) -> float:
    """What the look of this number, from 1, may spend of `level`: all looks together spend it."""
    return level * 6 / (math.pi * look) ** 2


@lru_cache(maxsize=4096)
def against(hits: int, n: int, share: float) -> float:
    """How much more likely so many hits are if the true share is above `share` than if it is not.

    An e-value: whoever looks after every answer finds it at 1 / a or more with probability a at
    most, as long as the share is `share` or below. Of 32 larger shares the mean.

    Source: Ville 1939; Shafer 2021, https://doi.org/10.1111/rssa.12647 (testing by betting).
    """
    if share >= 1 or n == 0:
        return 1.0
    if share <= 0:
        return math.inf if hits else 1.0
    larger = (share + (1 - share) * (place + 0.5) / _LARGER for place in range(_LARGER))
    ratios = (
        hits * math.log(one / share) + (n - hits) * math.log((1 - one) / (1 - share))
        for one in larger
    )
    return math.fsum(math.exp(min(ratio, _MOST)) for ratio in ratios) / _LARGER


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sample Kolmogorov-Smirnov statistic of two sorted samples, 0 to 1."""
    i = j = 0
    most = 0.0
    while i < len(one) and j < len(other):
        value = min(one[i], other[j])
        while i < len(one) and one[i] == value:
            i += 1
        while j < len(other) and other[j] == value:
            j += 1
        most = max(most, abs(i / len(one) - j / len(other)))
    return most


def same_distribution(one: Sequence[float], other: Sequence[float]) -> float:
    """The exact two-sided p-value of the Kolmogorov-Smirnov test of two sorted samples.

    Counts the ways to mix both samples in which the two never are `distance` apart; where values
    are tied it errs on the side of no alarm. Takes len(one) * len(other) steps.

    Source: Hodges 1958, https://doi.org/10.1007/BF02589501; as R's `psmirnov2x`.
    """
    m, n = len(one), len(other)
    bound = (math.floor(distance(one, other) * m * n + 0.5) - 0.5) / (m * n)
    inside = [1.0 if j / n < bound else 0.0 for j in range(n + 1)]
    for i in range(1, m + 1):
        weight = i / (i + n)
        inside[0] = weight * inside[0] if i / m < bound else 0.0
        for j in range(1, n + 1):
            near = abs(i / m - j / n) < bound
            inside[j] = weight * inside[j] + inside[j - 1] if near else 0.0
    return min(1.0, max(0.0, 1 - inside[n]))
