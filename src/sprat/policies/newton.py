"""Penalised logistic regression, solved exactly: Newton's method on a convex function."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ROUNDS = 100
_SMALL = 1e-10


def solve(
    table: "Floats", labels: "Floats", penalty: float, *, start: "Floats | None" = None
) -> "Floats":
    """The bias and the weights, in that order, of the least `Σ log-loss + penalty/2 · Σ weight²`.

    The bias is not penalised. `table` is rows of standardised features, `labels` 0 or 1; labels of
    one kind alone, for which no finite bias is best, give the smoothed rate and no weights. `start`
    is where to begin: the solution for another penalty, say.

    Source: Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, 4.4.1.
    """
    import numpy as np

    right, count = float(labels.sum()), len(labels)
    if right in {0.0, float(count)}:
        odds = (right + 0.5) / (count - right + 0.5)
        return np.concatenate([[np.log(odds)], np.zeros(table.shape[1])])
    design = np.column_stack([np.ones(count), table])
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 0.0
    weights = np.zeros(design.shape[1]) if start is None else start
    for _ in range(_ROUNDS):
        shares = _sigmoid(design @ weights)
        slope = design.T @ (shares - labels) + ridge * weights
        if np.abs(slope).max() < _SMALL:
            break
        bend = (design.T * (shares * (1 - shares))) @ design + np.diag(ridge + 1e-12)
        step = np.asarray(np.linalg.solve(bend, slope), dtype=np.float64)
        weights = _lower(design, labels, ridge, weights, step)
    return weights


def _lower(
    design: "Floats", labels: "Floats", ridge: "Floats", weights: "Floats", step: "Floats"
) -> "Floats":
    """Go down the step, or the largest half, quarter… of it that does not lead up."""
    import numpy as np

    def height(at: "Floats") -> float:
        score = design @ at
        loss = np.logaddexp(0.0, score) - labels * score
        return float(loss.sum() + (ridge * at**2).sum() / 2)

    here = height(weights)
    for halving in range(40):
        tried = weights - step / 2**halving
        if height(tried) <= here + 1e-12 * abs(here):
            return tried
    return weights


def probabilities_of(table: "Floats", weights: "Floats") -> "Floats":
    """The probability of each row under `solve`'s weights."""
    return _sigmoid(weights[0] + table @ weights[1:])


def loss_of(probabilities: "Floats", labels: "Floats") -> float:
    """The sum of the log-losses; a probability of 0 or 1 counts as nearly that."""
    import numpy as np

    bounded = np.clip(probabilities, 1e-12, 1 - 1e-12)
    return float(-(labels * np.log(bounded) + (1 - labels) * np.log(1 - bounded)).sum())


def _sigmoid(score: "Floats") -> "Floats":
    import numpy as np

    return np.exp(-np.logaddexp(0.0, -score))
