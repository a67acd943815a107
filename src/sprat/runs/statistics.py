"""Paired statistics: McNemar's test, and the three-way decision against a declared margin.

Why it decides as it does: `docs/decisions/paired-statistics.md`.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from sprat.runs.intervals import (
    CONFIDENCE,
    Interval,
    design_effect,
    mean_interval,
    score_z,
    z_value,
)

Decision = Literal["good-enough", "not-good-enough", "inconclusive"]

MIN_PAIRS = 10
"""Fewer pairs decide nothing: below 6, not even unanimity reaches p < 0.05 in McNemar's test, and
an interval of fewer than 10 stands on its assumptions more than on its data."""
MAX_NEEDED = 20_000
"""More questions than this count as out of reach."""
POWER = 0.8
"""`questions_needed` plans for this chance that the study decides."""


class Discordance(NamedTuple):
    """Right/wrong pairs, by who was right."""

    both_right: int
    small_only: int
    large_only: int
    both_wrong: int


class PairedDecision(NamedTuple):
    """What the paired scores say about the declared margin."""

    decision: Decision
    difference: float | None
    """Mean of small minus large, -1..1; None without a pair."""
    low: float | None
    high: float | None
    n: int
    n_needed: int | None
    """Pairs in all for a decision at this spread; None when decided or out of reach."""


def mcnemar_p(small_only: int, large_only: int) -> float:
    """Exact two-sided McNemar test: the binomial probability of so uneven a split, or worse.

    1.0 when no pair is discordant.

    Source: McNemar (1947), Psychometrika 12:153, with the exact binomial null.
    """
    n, fewer = small_only + large_only, min(small_only, large_only)
    tail = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / 2**n)


def discordance(small: Sequence[bool], large: Sequence[bool]) -> Discordance:
    """Count the four cells of right and wrong over the pairs."""
    pairs = list(zip(small, large, strict=True))
    return Discordance(
        pairs.count((True, True)),
        pairs.count((True, False)),
        pairs.count((False, True)),
        pairs.count((False, False)),
    )


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The percentile, linearly interpolated; None for no values, or for p99 and up below n = 100.

    Below a hundred values the 99th percentile is the maximum under another name.
    """
    if not values or (percent >= 99 and len(values) < 100):
        return None
    import numpy as np

    return float(np.percentile(np.asarray(values, dtype=np.float64), percent))


def decide(
    differences: Sequence[float],
    margin: float,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> PairedDecision:
    """Is small no worse than large by more than `margin`? `differences` are small minus large.

    Good enough when the whole interval lies above -margin, not when it lies below, else
    inconclusive; always inconclusive below `MIN_PAIRS`.

    Source: Piaggio et al. (2012), JAMA 308:2594 (CONSORT for non-inferiority).
    """
    n = len(differences)
    bounds = mean_interval(differences, -1, 1, groups=groups, seed=seed, confidence=confidence)
    if bounds is None:
        return PairedDecision("inconclusive", None, None, None, 0, None)
    difference = sum(differences) / n
    decision = _decision(bounds, margin, n)
    needed = None
    if decision == "inconclusive":
        needed = questions_needed(differences, margin, groups=groups, confidence=confidence)
    return PairedDecision(decision, difference, bounds.low, bounds.high, n, needed)


def questions_needed(
    differences: Sequence[float],
    margin: float,
    *,
    groups: Sequence[str] | None = None,
    confidence: float = CONFIDENCE,
) -> int | None:
    """Pairs in all for a decision with power `POWER`, should mean and spread stay as they are.

    `n = (z_confidence + z_power)² · variance / (difference + margin)²`, with the variance of
    `score_z` at the margin (the sample's own may be zero). None when the difference sits so near
    the margin that more than `MAX_NEEDED` would be needed, or there is none to go by.

    Source: Julious (2004), Statistics in Medicine 23:1921, section 5 (non-inferiority).
    """
    from statistics import NormalDist

    n = len(differences)
    z = score_z(differences, -margin, -1, 1) if n else 0
    if z == 0:
        return None
    # z = gap · √(n / variance), so variance / gap² is n / z².
    wanted = (z_value(confidence) + NormalDist().inv_cdf(POWER)) ** 2 * n / (z * z)
    wanted *= design_effect(differences, groups)
    needed = max(math.ceil(wanted), n + 1, MIN_PAIRS)
    return needed if needed <= MAX_NEEDED else None


def _decision(bounds: Interval, margin: float, n: int) -> Decision:
    if n < MIN_PAIRS:
        return "inconclusive"
    if bounds.low > -margin:
        return "good-enough"
    return "not-good-enough" if bounds.high < -margin else "inconclusive"
