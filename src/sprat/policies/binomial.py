"""The exact binomial, in plain Python."""

import math
from functools import lru_cache


def tail(errors: int, n: int, p: float) -> float:
    """The probability of at most `errors` out of `n`, each with probability `p`.

    Summed from the largest term down, so that nothing is lost to rounding.
    """
    if errors < 0:
        return 0.0
    if errors >= n or p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    if errors > n * p:
        return max(0.0, 1.0 - _sum_up(errors + 1, n, p))
    return min(1.0, _sum_down(errors, n, p))


@lru_cache(maxsize=65536)
def clopper_pearson_upper(errors: int, n: int, delta: float) -> float:
    """The largest error rate that so few errors do not contradict at level `delta`.

    With probability 1 - delta at least, whatever the true rate is, it lies below. 1 for n = 0.

    Source: Clopper & Pearson (1934), Biometrika 26:404; one-sided.
    """
    if errors >= n:
        return 1.0
    low, high = errors / n, 1.0
    for _ in range(40):  # to 1e-12
        middle = (low + high) / 2
        if tail(errors, n, middle) > delta:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=65536)
def most_errors(n: int, alpha: float, delta: float) -> int:
    """The most errors out of `n` that still show, at level `delta`, a rate of at most `alpha`.

    -1: not even none would. It is so exactly where `clopper_pearson_upper` is at most `alpha`.
    """
    low, high = -1, n  # `low` shows it, `high` does not
    while high - low > 1:
        middle = (low + high) // 2
        if tail(middle, n, alpha) <= delta:
            low = middle
        else:
            high = middle
    return low


def _log_term(errors: int, n: int, p: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(errors + 1) - math.lgamma(n - errors + 1)
    return ways + errors * math.log(p) + (n - errors) * math.log1p(-p)


def _sum_down(errors: int, n: int, p: float) -> float:
    term = total = math.exp(_log_term(errors, n, p))
    for k in range(errors, 0, -1):
        term *= k / (n - k + 1) * (1 - p) / p
        total += term
        if term < total * 1e-17:
            break
    return total


def _sum_up(errors: int, n: int, p: float) -> float:
    term = total = math.exp(_log_term(errors, n, p))
    for k in range(errors, n):
        term *= (n - k) / (k + 1) * p / (1 - p)
        total += term
        if term < total * 1e-17:
            break
    return total
