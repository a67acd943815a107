"""Confidence intervals of a mean, honest for few values and for values that are all equal.

Everything takes plain sequences of floats and loads numpy only when called. Why these intervals
and not the plain bootstrap: `docs/decisions/paired-statistics.md`.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CONFIDENCE = 0.95
RESAMPLES = 10_000

_CELLS = 2_000_000
"""Resampled values held at once: 16 MB of indices and 16 MB of floats."""


class Interval(NamedTuple):
    """A confidence interval."""

    low: float
    high: float


def z_value(confidence: float = CONFIDENCE) -> float:
    """The two-sided standard normal quantile, 1.96 for 0.95."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + confidence / 2)


def bootstrap_interval(
    values: Sequence[float],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Interval | None:
    """Percentile bootstrap of the mean, in bounded memory; None for no values.

    Given per-question differences this is the paired bootstrap: a question is resampled with both
    its answers.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    if not values:
        return None
    import numpy as np

    sample = np.asarray(values, dtype=np.float64)
    random, means = np.random.default_rng(seed), np.empty(resamples)
    step = max(1, _CELLS // len(sample))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        chosen = random.integers(0, len(sample), size=(rows, len(sample)))
        means[start : start + rows] = sample[chosen].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high))


def score_z(values: Sequence[float], mean: float, floor: float, ceiling: float) -> float:
    """How many standard errors the sample mean lies above `mean`, were `mean` the truth.

    The standard error is that of the likeliest distribution on `floor..ceiling` with that mean
    (the sample re-weighted, with weight at an end of the range where the sample alone cannot reach
    it), so it does not vanish when all values are equal. On 0/1 values this is Wilson's test; on
    paired right/wrong differences (-1, 0, 1) it is Tango's.

    Source: Owen (2001), Empirical Likelihood, chapter 2 (the weights); Tango (1998), Statistics in
    Medicine 17:891 (the paired binary case).
    """
    import numpy as np

    sample = np.asarray(values, dtype=np.float64)
    gap = float(sample.mean()) - mean
    if abs(gap) < 1e-12:
        return 0.0
    if gap < 0:  # the mirror image, so that below there is only one side to think about
        return -score_z([-v for v in values], -mean, -ceiling, -floor)
    spread = _null_variance(sample, mean, floor)
    return gap * math.sqrt(len(sample) / spread) if spread > 0 else math.inf


def score_interval(
    values: Sequence[float],
    floor: float,
    ceiling: float,
    *,
    confidence: float = CONFIDENCE,
    stretch: float = 1.0,
) -> Interval | None:
    """All means that the sample does not contradict (see `score_z`); None for no values.

    `stretch` is how many times wider a standard error is than that of independent values.
    """
    if not values:
        return None
    mean, z = sum(values) / len(values), z_value(confidence) * stretch
    return Interval(
        _edge(values, mean, floor, (floor, ceiling), z),
        _edge(values, mean, ceiling, (floor, ceiling), z),
    )


def mean_interval(
    values: Sequence[float],
    floor: float,
    ceiling: float,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Interval | None:
    """The hull of the bootstrap and the score interval: neither may flatter; None for no values.

    Values of one group (translations of one question, say) are not taken for independent.
    """
    stretch = math.sqrt(design_effect(values, groups))
    boot = bootstrap_interval(values, seed=seed, confidence=confidence)
    score = score_interval(values, floor, ceiling, confidence=confidence, stretch=stretch)
    if boot is None or score is None:
        return None
    low, high = stretched(boot, values, stretch)
    return Interval(max(floor, min(low, score.low)), min(ceiling, max(high, score.high)))


def stretched(bounds: Interval, values: Sequence[float], stretch: float) -> Interval:
    """An interval of the mean of `values`, so many times as wide on either side of it."""
    mean = sum(values) / len(values)
    return Interval(*(mean + stretch * (edge - mean) for edge in bounds))


def design_effect(values: Sequence[float], groups: Sequence[str] | None) -> float:
    """How many times the variance of the mean grows because groups go together; at least 1.

    Squared sums of each group's deviations over the sum of squared deviations. Where all values are
    equal nothing can be learned about that, and groups are taken to go together entirely.

    Source: Kish (1965), Survey Sampling, section 5.4; Liang & Zeger (1986), Biometrika 73:13.
    """
    if not values or groups is None or len(set(groups)) == len(groups):
        return 1.0
    mean = sum(values) / len(values)
    off = [value - mean for value in values]
    if all(abs(value) < 1e-12 for value in off):
        off = [1.0] * len(values)
    sums: dict[str, float] = {}
    for group, value in zip(groups, off, strict=True):
        sums[group] = sums.get(group, 0.0) + value
    together = sum(total**2 for total in sums.values())
    return max(1.0, together / sum(value**2 for value in off))


def _edge(
    values: Sequence[float], mean: float, end: float, limits: tuple[float, float], z: float
) -> float:
    """Bisect between the sample mean and an end of the range for |score_z| = z."""
    inside, outside = mean, end
    for _ in range(50):
        middle = (inside + outside) / 2
        if abs(score_z(values, middle, *limits)) <= z:
            inside = middle
        else:
            outside = middle
    return inside


def _null_variance(sample: "Floats", mean: float, floor: float) -> float:
    """Variance of the likeliest distribution with a mean below the sample's.

    The weights are 1 / (n (1 + t (x - mean))). The tilt t may grow to 1 / (mean - floor), where the
    weight of `floor` itself becomes positive although the sample may hold no such value.
    """
    import numpy as np

    off = sample - mean
    limit = 1 / (mean - floor) if mean > floor else math.inf
    if math.isinf(limit):
        return 0.0
    tilt = _tilt(off, limit)
    with np.errstate(divide="ignore"):
        weights = 1 / (len(sample) * (1 + tilt * off))
    if not np.isfinite(weights).all():  # a value at the floor, whose weight is what is left over
        weights[~np.isfinite(weights)] = 0.0
    rest = max(0.0, 1 - float(weights.sum()))
    return float((weights * off**2).sum()) + rest * (floor - mean) ** 2


def _tilt(off: "Floats", limit: float) -> float:
    """The t in (0, limit] at which the sum of x / (1 + t x) is zero; `limit` when there is none."""
    low, high = 0.0, limit
    for _ in range(60):
        middle = (low + high) / 2
        if float((off / (1 + middle * off)).sum()) > 0:
            low = middle
        else:
            high = middle
    return high
