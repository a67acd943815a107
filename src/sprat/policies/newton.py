"""Penalised logistic regression, solved exactly: Newton's method on a convex function."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ROUNDS = 100
_SMALL = 1e-10


def solve(
    table: "Floats",
    labels: "Floats",
    penalty: float,
    *,
    weights: "Floats | None" = None,
    start: "Floats | None" = None,
) -> "Floats":
    """The bias and the coefficients, in that order, of the least penalised loss.

    That is `Σ weight · log-loss + penalty/2 · Σ coefficient²`; the bias is not penalised. `table`
    is rows of standardised features, `labels` are from 0 to 1, `weights` None: each row counts
    once. Labels of one kind alone, for which no finite bias is best, give the smoothed rate and no
    coefficients. `start` is where to begin: the solution for another penalty, say.

    Source: Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, 4.4.1.
    """
    import numpy as np

    counts = np.ones(len(labels)) if weights is None else weights
    yes, no = float((counts * labels).sum()), float((counts * (1 - labels)).sum())
    if min(yes, no) <= 0:
        return np.concatenate([[np.log((yes + 0.5) / (no + 0.5))], np.zeros(table.shape[1])])
    problem = _Problem(np.column_stack([np.ones(len(labels)), table]), labels, counts, penalty)
    found = np.zeros(table.shape[1] + 1) if start is None else start
    for _ in range(_ROUNDS):
        slope, bend = problem.derivatives(found)
        if np.abs(slope).max() < _SMALL:
            break
        found = _lower(problem, found, np.asarray(np.linalg.solve(bend, slope), dtype=np.float64))
    return found


class _Problem(NamedTuple):
    """What is made as small as can be."""

    design: "Floats"
    labels: "Floats"
    counts: "Floats"
    penalty: float

    def height(self, at: "Floats") -> float:
        import numpy as np

        score = self.design @ at
        loss = self.counts * (np.logaddexp(0.0, score) - self.labels * score)
        return float(loss.sum() + self.penalty * (at[1:] ** 2).sum() / 2)

    def derivatives(self, at: "Floats") -> tuple["Floats", "Floats"]:
        """The gradient, and the Hessian."""
        import numpy as np

        ridge = np.full(len(at), self.penalty)
        ridge[0] = 0.0
        shares = _sigmoid(self.design @ at)
        slope = self.design.T @ (self.counts * (shares - self.labels)) + ridge * at
        bend = (self.design.T * (self.counts * shares * (1 - shares))) @ self.design
        return slope, bend + np.diag(ridge + 1e-12)


def _lower(problem: _Problem, at: "Floats", step: "Floats") -> "Floats":
    """Go down the step, or the largest half, quarter… of it that does not lead up."""
    here = problem.height(at)
    for halving in range(40):
        tried = at - step / 2**halving
        if problem.height(tried) <= here + 1e-12 * abs(here):
            return tried
    return at


def probabilities_of(table: "Floats", found: "Floats") -> "Floats":
    """The probability of each row under what `solve` found."""
    return _sigmoid(found[0] + table @ found[1:])


def loss_of(probabilities: "Floats", labels: "Floats", weights: "Floats") -> float:
    """The weighted sum of the log-losses; a probability of 0 or 1 counts as nearly that."""
    import numpy as np

    bounded = np.clip(probabilities, 1e-12, 1 - 1e-12)
    losses = labels * np.log(bounded) + (1 - labels) * np.log(1 - bounded)
    return float(-(weights * losses).sum())


def _sigmoid(score: "Floats") -> "Floats":
    import numpy as np

    return np.exp(-np.logaddexp(0.0, -score))
