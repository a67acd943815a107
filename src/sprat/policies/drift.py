"""Has something changed? Two tests that need nothing but plain Python."""

import math
from collections.abc import Sequence


def at_least(hits: int, n: int, share: float) -> float:
    """P(X >= hits) for X ~ Binomial(n, share): how odd so many are, if `share` is true.

    Below 0.05 exactly where the one-sided 95% Clopper-Pearson bound of the share is above `share`.

    Source: Clopper & Pearson 1934, https://doi.org/10.1093/biomet/26.4.404
    """
    if share >= 1 or hits <= 0:
        return 1.0
    chances = (math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(hits, n + 1))
    return min(1.0, math.fsum(chances))


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
