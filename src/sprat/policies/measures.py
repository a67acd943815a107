"""How good a confidence is: does it tell right from wrong, and does it mean what it says?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sprat.policies.resample import RESAMPLES, Estimate, draws, estimate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BINS = 10


class Bin(msgspec.Struct, frozen=True):
    """Answers of about the same confidence."""

    n: int
    confidence: float
    """Their mean."""
    right: float
    """The share of them that is right."""


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float | None:
    """The chance that a right answer has a higher score than a wrong one; ties count half.

    None where all answers are right, or all are wrong.

    Source: Hanley & McNeil (1982), Radiology 143:29 (equal to the Mann-Whitney statistic).
    """
    import numpy as np

    good = sum(map(bool, right))
    if good in {0, len(right)}:
        return None
    return float(_aurocs(scores, right, np.ones((1, len(right))))[0])


def auroc_estimate(
    scores: Sequence[float],
    right: Sequence[bool],
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """`auroc` with its interval, groups being drawn whole."""
    value = auroc(scores, right)
    if value is None:
        return Estimate(None)
    together = _groups(groups, len(right))
    weights = draws(together, seed=seed, resamples=resamples)
    return estimate(value, _aurocs(scores, right, weights))


def _aurocs(scores: Sequence[float], right: Sequence[bool], weights: "Floats") -> "Floats":
    """The AUROC of each row of weights; not a number where one kind of answer is missing."""
    import numpy as np

    _, level = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    order = np.argsort(level, kind="stable")
    starts = np.flatnonzero(np.diff(level[order], prepend=-1))
    good = np.asarray(right, dtype=np.float64)
    rights = np.add.reduceat((weights * good)[:, order], starts, axis=1)
    wrongs = np.add.reduceat((weights * (1 - good))[:, order], starts, axis=1)
    below = np.cumsum(wrongs, axis=1) - wrongs / 2
    pairs = rights.sum(axis=1) * wrongs.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (rights * below).sum(axis=1) / pairs


def brier(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """The mean squared difference between the probability and what came true, 0 to 1.

    Source: Brier (1950), Monthly Weather Review 78:1.
    """
    pairs = zip(probabilities, right, strict=True)
    return sum((share - bool(good)) ** 2 for share, good in pairs) / len(probabilities)


def reliability(
    probabilities: Sequence[float], right: Sequence[bool], bins: int = BINS
) -> list[Bin]:
    """Answers in the order of their confidence, cut in `bins` parts of (nearly) equal number.

    Answers of one confidence share what is right among them, so their order does not matter.
    """
    import numpy as np

    shares, good = np.asarray(probabilities, dtype=np.float64), np.asarray(right, dtype=np.float64)
    _, level = np.unique(shares, return_inverse=True)
    good = (np.bincount(level, good) / np.bincount(level))[level]
    order = np.argsort(shares, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order) or 1)) if len(part)]
    return [Bin(len(at), float(shares[at].mean()), float(good[at].mean())) for at in parts]


def calibration_error(
    probabilities: Sequence[float], right: Sequence[bool], bins: int = BINS
) -> float:
    """The expected calibration error over bins of equal number (not of equal width).

    The mean over bins, by their size, of |mean confidence - share that is right|. It is biased
    upwards: with `n` answers even a perfect confidence shows about `√(bins / n) · 0.3`.

    Source: Guo et al. (2017), arXiv:1706.04599, equation 3; bins of equal mass: Nixon et al.
    (2019), arXiv:1904.01685.
    """
    found = reliability(probabilities, right, bins)
    return sum(part.n * abs(part.confidence - part.right) for part in found) / len(probabilities)


def risk_coverage(scores: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """For every threshold (share accepted, share of those that is wrong), from few to all.

    Source: El-Yaniv & Wiener (2010), Journal of Machine Learning Research 11:1605.
    """
    ranked = sorted(zip(scores, map(bool, right), strict=True), key=lambda pair: -pair[0])
    found: list[tuple[float, float]] = []
    wrong = 0
    for count, (score, good) in enumerate(ranked, 1):
        wrong += not good
        if count == len(ranked) or ranked[count][0] != score:
            found.append((count / len(ranked), wrong / count))
    return found


def _groups(groups: Sequence[str] | None, n: int) -> Sequence[str]:
    return [str(place) for place in range(n)] if groups is None else groups
