"""How far two who judge the same answers agree, beyond what chance would give."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sprat.studies.grounded.figures import Figure, resampled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def kappa(one: Sequence[bool], other: Sequence[bool], *, seed: int = 0) -> Figure:
    """Cohen's kappa, (p_o - p_e) / (1 - p_e): 1 is full agreement, 0 that of chance.

    p_o is the share of equal verdicts, p_e what both would share were each drawn by its own
    frequency of yes. None where both always say the same one thing: then nothing can be told.

    Source: Cohen (1960), Educational and Psychological Measurement 20:37.
    """
    import numpy as np

    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)

    def computed(weights: "Floats") -> "Floats":
        total = weights.sum(axis=1)
        same = weights @ (a == b).astype(np.float64) / total
        yes_a, yes_b = weights @ a / total, weights @ b / total
        chance = yes_a * yes_b + (1 - yes_a) * (1 - yes_b)
        return (same - chance) / np.where(chance < 1 - 1e-12, 1 - chance, np.nan)

    return resampled(len(a), computed, seed=seed)
