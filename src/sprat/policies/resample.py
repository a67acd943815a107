"""Questions drawn again and again: the bootstrap of everything that is said about a policy."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 1000
CONFIDENCE = 0.95


class Estimate(msgspec.Struct, frozen=True):
    """A number, and its bootstrap interval; None where it cannot be told."""

    value: float | None
    low: float | None = None
    high: float | None = None


def draws(groups: Sequence[str], *, seed: int = 0, resamples: int = RESAMPLES) -> "Floats":
    """How often each question is in each resample: a row per resample, a column per question.

    Whole groups are drawn, as many as there are.

    Source: Davison & Hinkley (1997), Bootstrap Methods and their Application, 3.8 (clusters).
    """
    import numpy as np

    names, member = np.unique(np.asarray(groups), return_inverse=True)
    random = np.random.default_rng(seed)
    chosen = random.integers(0, len(names), size=(resamples, len(names)))
    offset = np.arange(resamples)[:, None] * len(names)
    counts = np.bincount((chosen + offset).ravel(), minlength=resamples * len(names))
    return counts.reshape(resamples, len(names))[:, member].astype(np.float64)


def estimate(value: float | None, resampled: "Floats") -> Estimate:
    """A number with the percentile interval of its resamples.

    Resamples that are not a number are left out; an end that is infinite is not known.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    import numpy as np

    known = np.sort(resampled[~np.isnan(resampled)])
    if value is None or not len(known):
        return Estimate(value)
    out = (1 - CONFIDENCE) / 2 * (len(known) - 1)
    ends = float(known[math.floor(out)]), float(known[math.ceil(len(known) - 1 - out)])
    low, high = (end if math.isfinite(end) else None for end in ends)
    return Estimate(value, low, high)
