"""A confidence is learned: L2 logistic regression over the features of labelled answers.

Why no more than that, and what it cannot promise: docs/confidence.md.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sprat.errors import PolicyError
from sprat.policies.logistic import Logistic
from sprat.policies.newton import loss_of, probabilities_of, solve
from sprat.policies.splits import deal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

Rows = Sequence[Mapping[str, float]]

MIN_ROWS = 20
MIN_EACH = 5
"""Right answers, and wrong ones, below which nothing worth having is learned."""
FOLDS = 5
PENALTIES = tuple(10 ** (power / 2) for power in range(8, -3, -1))
"""From strong to weak, over the sum of the losses: scikit-learn's C is the inverse."""


def fit(
    rows: Rows,
    right: Sequence[bool],
    *,
    seed: int = 0,
    features: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> Logistic:
    """Learn from the features of answers, each labelled right or wrong, how likely one is right.

    Features are standardised (a missing one is the mean), those that never vary are left out. The
    penalty is the one with the least log-loss over folds that keep groups together; of equals the
    strongest. `features` None: all that occur.

    Raises:
        PolicyError: there are too few answers, or too few right or wrong ones.

    Source: Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, 4.4 and
    7.10.
    """
    import numpy as np

    check_labels(right)
    names = _varying(rows, features)
    table = _table(rows, names)
    labels = np.asarray(right, dtype=np.float64)
    parts = folds_of(right, groups, seed)
    everything = np.arange(len(rows))
    return _fitted(table, labels, names, everything, parts)


def cross_fitted(
    rows: Rows,
    right: Sequence[bool],
    *,
    folds: int = FOLDS,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    features: Sequence[str] | None = None,
) -> list[float]:
    """Each answer's probability of being right, by a model that saw neither it nor its group.

    Raises:
        PolicyError: as `fit`.
    """
    import numpy as np

    check_labels(right)
    names = _varying(rows, features)
    table, labels = _table(rows, names), np.asarray(right, dtype=np.float64)
    together = list(groups) if groups is not None else [str(place) for place in range(len(rows))]
    found = np.empty(len(rows))
    for part in folds_of(right, groups, seed, folds):
        held_out = set(map(int, part))
        seen = [place for place in range(len(rows)) if place not in held_out]
        inner = folds_of([right[k] for k in seen], [together[k] for k in seen], seed + 1)
        places = np.asarray(seen, dtype=np.intp)
        learned = _fitted(table, labels, names, places, [places[fold] for fold in inner])
        for place in held_out:
            found[place] = learned.probability(rows[place])
    return [float(value) for value in found]


def check_labels(right: Sequence[bool]) -> None:
    """Refuse to learn from too little.

    Raises:
        PolicyError: what is missing.
    """
    n, good = len(right), sum(right)
    if n >= MIN_ROWS and min(good, n - good) >= MIN_EACH:
        return
    raise PolicyError(
        f"{n} labelled answers, {good} right and {n - good} wrong, are too few to learn a "
        f"confidence from: it takes {MIN_ROWS}, and {MIN_EACH} of each.",
        fix="Ask more questions: --limit.",
    )


def folds_of(
    right: Sequence[bool], groups: Sequence[str] | None, seed: int, folds: int = FOLDS
) -> list["Places"]:
    """The places of each fold: groups whole, right and wrong ones spread evenly.

    Raises:
        PolicyError: there are fewer than two groups.
    """
    import numpy as np

    members: dict[str, list[str]] = {}
    for place in range(len(right)):
        group = str(place) if groups is None else groups[place]
        members.setdefault(group, []).append(str(place))
    count = min(folds, len(members))
    if count < 2:
        raise PolicyError(
            "All labelled answers are of one group: nothing can be held out.",
            fix="Ask other questions too.",
        )
    kinds = {str(place): str(bool(good)) for place, good in enumerate(right)}
    dealt = deal(members, [1 / count] * count, kinds, seed)
    return [np.asarray(sorted(map(int, part)), dtype=np.intp) for part in dealt if part]


def _fitted(
    table: "Floats",
    labels: "Floats",
    names: Sequence[str],
    seen: "Places",
    parts: Sequence["Places"],
) -> Logistic:
    """Learn from the rows `seen`; the penalty is chosen over `parts`, which are folds of them."""
    import numpy as np

    losses = np.zeros(len(PENALTIES))
    for part in parts:
        rest = np.setdiff1d(seen, part)
        centres, scales = _standard(table[rest])
        train, test = (_standardised(table[at], centres, scales) for at in (rest, part))
        weights: Floats | None = None
        for place, penalty in enumerate(PENALTIES):
            weights = solve(train, labels[rest], penalty, start=weights)
            losses[place] += loss_of(probabilities_of(test, weights), labels[part])
    best = PENALTIES[int(np.argmin(np.round(losses, 9)))]
    return _learned(table[seen], labels[seen], names, best)


def _learned(table: "Floats", labels: "Floats", names: Sequence[str], penalty: float) -> Logistic:
    centres, scales = _standard(table)
    weights = solve(_standardised(table, centres, scales), labels, penalty)
    return Logistic(
        features=tuple(names),
        centres=tuple(map(float, centres)),
        scales=tuple(map(float, scales)),
        weights=tuple(map(float, weights[1:])),
        bias=float(weights[0]),
    )


def _varying(rows: Rows, features: Sequence[str] | None) -> list[str]:
    """The features that have two different values, in the order given or met."""
    met = dict.fromkeys(name for row in rows for name in row)
    wanted = list(met) if features is None else list(dict.fromkeys(features))
    values = {name: [row[name] for row in rows if name in row] for name in wanted}
    return [name for name in wanted if values[name] and min(values[name]) < max(values[name])]


def _table(rows: Rows, names: Sequence[str]) -> "Floats":
    """Rows of features; what is missing is not a number."""
    import numpy as np

    cells = [[row.get(name, np.nan) for name in names] for row in rows]
    return np.asarray(cells, dtype=np.float64).reshape(len(rows), len(names))


def _standard(table: "Floats") -> tuple["Floats", "Floats"]:
    """Mean and standard deviation of each column's known values; 0 and 1 where it has no spread."""
    import numpy as np

    known = ~np.isnan(table)
    counts = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, table, 0.0)
    centres = filled.sum(axis=0) / counts
    off = np.where(known, table - centres, 0.0)
    scales = np.sqrt((off**2).sum(axis=0) / counts)
    return centres, np.where(scales > 1e-12, scales, 1.0)


def _standardised(table: "Floats", centres: "Floats", scales: "Floats") -> "Floats":
    import numpy as np

    return np.nan_to_num((table - centres) / scales, nan=0.0)
