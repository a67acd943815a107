"""How far grades agree with reference grades, and how far they follow length instead.

Everything is resampled by group: answers to one question are drawn together.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sprat.studies.grounded.figures import Figure, resampled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Computed = Callable[[Floats], Floats]


class Column(NamedTuple):
    """Grades of the same answers, one entry per answer, 1 to 5."""

    given: Sequence[float]
    """By the judge or the rule, none missing."""
    reference: Sequence[int]
    """What the answers were graded beforehand."""
    groups: Sequence[str]
    seed: int = 0


def weighted_kappa(one: Column) -> Figure:
    """Quadratic weighted kappa of the rounded grades: 1 is agreement, 0 that of chance.

    1 - sum of w (a - b)^2 over what it would be were a and b paired by chance. None where nothing
    can be told: both always say the same one grade.

    Source: Cohen (1968), Psychological Bulletin 70:213.
    """
    return _figure(one, _kappa(_rounded(one.given), _array(one.reference)))


def kappa_difference(given: Column, other: Sequence[float]) -> Figure:
    """The kappa of `given` less that of `other` with the same reference, on the same answers."""
    ours = _kappa(_rounded(given.given), _array(given.reference))
    theirs = _kappa(_rounded(other), _array(given.reference))
    return _figure(given, lambda weights: ours(weights) - theirs(weights))


def spearman(one: Column) -> Figure:
    """Spearman's rank correlation of the grades as they are, ties at their mean rank.

    Source: Spearman (1904), American Journal of Psychology 15:72.
    """
    a, b = _ranks(_array(one.given)), _ranks(_array(one.reference))
    return _figure(one, lambda weights: _correlation(weights, a(weights), b(weights)))


def absolute_error(one: Column) -> Figure:
    """The mean distance of the grades, as they are, from the reference grades, in grade points."""
    off = abs(_array(one.given) - _array(one.reference))
    return _figure(one, lambda weights: weights @ off / weights.sum(axis=1))


def length_effect(one: Column, lengths: Sequence[int]) -> Figure:
    """Grade points per doubling of length, between answers of one reference grade.

    The coefficient of log2 of the characters in a least-squares regression of `given` on it and on
    `reference`. 0: length buys nothing. `lengths` in characters; an empty answer counts as one.
    None: all are of one length, or their length and their reference grade are one thing.

    Source: Dubois et al. (2024), arXiv:2404.04475 (length as a term of its own in a regression).
    """
    import numpy as np

    x, r = np.log2(np.maximum(1.0, _array(lengths))), _array(one.reference)
    y = _array(one.given)

    def coefficient(weights: "Floats") -> "Floats":
        xx, rr, xr = (_covariance(weights, *two) for two in ((x, x), (r, r), (x, r)))
        xy, ry = _covariance(weights, x, y), _covariance(weights, r, y)
        both = rr > 1e-9  # else all are of one reference grade, and length is the only term
        above = np.where(both, xy * rr - ry * xr, xy)
        below = np.where(both, xx * rr - xr**2, xx)
        return above / np.where(below > 1e-9, below, np.nan)

    return _figure(one, coefficient)


def _covariance(weights: "Floats", a: "Floats", b: "Floats") -> "Floats":
    """Of two columns, row by row of `weights`."""
    total = weights.sum(axis=1)
    return weights @ (a * b) / total - (weights @ a / total) * (weights @ b / total)


def _figure(one: Column, compute: "Computed") -> Figure:
    return resampled(len(one.given), compute, seed=one.seed, groups=one.groups)


def _kappa(a: "Floats", b: "Floats") -> "Computed":
    """By chance, (a - b)^2 is both variances and the squared distance of the means together."""
    import numpy as np

    def compute(weights: "Floats") -> "Floats":
        total = weights.sum(axis=1)
        mean_a, mean_b = weights @ a / total, weights @ b / total
        observed = weights @ (a - b) ** 2 / total
        chance = (weights @ a**2 + weights @ b**2) / total - 2 * mean_a * mean_b
        return 1 - observed / np.where(chance > 1e-9, chance, np.nan)

    return compute


def _ranks(values: "Floats") -> "Computed":
    """Mean ranks in a resample in which an answer may be there several times or not at all."""
    import numpy as np

    below = (values[:, None] > values[None, :]).astype(np.float64)
    alike = (values[:, None] == values[None, :]).astype(np.float64)
    return lambda weights: weights @ (below + alike / 2).T + 0.5


def _correlation(weights: "Floats", a: "Floats", b: "Floats") -> "Floats":
    """Pearson's, row by row."""
    import numpy as np

    total = weights.sum(axis=1, keepdims=True)
    off_a = a - (weights * a).sum(axis=1, keepdims=True) / total
    off_b = b - (weights * b).sum(axis=1, keepdims=True) / total
    across = (weights * off_a * off_b).sum(axis=1)
    spread = (weights * off_a**2).sum(axis=1) * (weights * off_b**2).sum(axis=1)
    return across / np.where(spread > 1e-9, np.sqrt(np.maximum(spread, 0)), np.nan)


def _array(values: Sequence[float]) -> "Floats":
    import numpy as np

    return np.asarray(values, dtype=np.float64)


def _rounded(values: Sequence[float]) -> "Floats":
    import numpy as np

    return np.floor(_array(values) + 0.5)
