"""A confidence is learned: L2 logistic regression over the features of labelled answers.

Why no more than that, and what it cannot promise: docs/confidence.md.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

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
    check_labels(right)
    lesson = lesson_of(rows, right, None, groups, features)
    return learned(lesson, range(len(rows)), seed)


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

    But for the bias, which all share: see `held_out`.

    Raises:
        PolicyError: as `fit`.
    """
    check_labels(right)
    return held_out(lesson_of(rows, right, None, groups, features), folds, seed)


class Lesson(NamedTuple):
    """What is learned from: a row per answer."""

    rows: Rows
    names: list[str]
    table: "Floats"
    labels: "Floats"
    """From 0 to 1."""
    weights: "Floats"
    groups: Sequence[str]
    kinds: Sequence[bool]
    """What is spread evenly over folds."""


def lesson_of(
    rows: Rows,
    labels: Sequence[float],
    weights: Sequence[float] | None,
    groups: Sequence[str] | None,
    features: Sequence[str] | None,
) -> Lesson:
    """Everything in columns; `weights` None: each row counts once."""
    import numpy as np

    names = _varying(rows, features)
    return Lesson(
        rows,
        names,
        _table(rows, names),
        np.asarray(labels, dtype=np.float64),
        np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64),
        [str(place) for place in range(len(rows))] if groups is None else groups,
        [label >= 0.5 for label in labels],
    )


def learned(lesson: Lesson, seen: Sequence[int], seed: int) -> Logistic:
    """Learn from the rows `seen`; the penalty is chosen over folds of them."""
    import numpy as np

    kinds, groups = [lesson.kinds[k] for k in seen], [lesson.groups[k] for k in seen]
    places = np.asarray(seen, dtype=np.intp)
    losses = np.zeros(len(PENALTIES))
    for fold in folds_of(kinds, groups, seed):
        part, rest = places[fold], np.delete(places, fold)
        losses += _losses(lesson, rest, part)
    best = PENALTIES[int(np.argmin(np.round(losses, 9)))]
    table, centres, scales = _standardised(lesson.table[places])
    found = solve(table, lesson.labels[places], best, weights=lesson.weights[places])
    return Logistic(
        features=tuple(lesson.names),
        centres=tuple(map(float, centres)),
        scales=tuple(map(float, scales)),
        weights=tuple(map(float, found[1:])),
        bias=float(found[0]),
    )


def held_out(lesson: Lesson, folds: int, seed: int) -> list[float]:
    """What is learned without each row's group, of that row; the bias, one number, from all.

    With a bias of its own, a fold that holds more right answers would be judged by a model that saw
    fewer, and be ranked below the others for that: noise would seem to tell the opposite of right.

    Source: Parker, Guenther & Gottschalk (2007), BMC Bioinformatics 8:326.
    """
    bias = learned(lesson, range(len(lesson.rows)), seed).bias
    found = [0.0] * len(lesson.rows)
    for part in folds_of(lesson.kinds, lesson.groups, seed, folds):
        out = set(map(int, part))
        seen = [place for place in range(len(found)) if place not in out]
        without = msgspec.structs.replace(learned(lesson, seen, seed + 1), bias=bias)
        for place in out:
            found[place] = without.probability(lesson.rows[place])
    return found


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


def _losses(lesson: Lesson, rest: "Places", part: "Places") -> "Floats":
    """For each penalty, the loss on one part of what is learned from the rest."""
    import numpy as np

    train, centres, scales = _standardised(lesson.table[rest])
    test = _scaled(lesson.table[part], centres, scales)
    losses = np.zeros(len(PENALTIES))
    found: Floats | None = None
    for place, penalty in enumerate(PENALTIES):
        labels, weights = lesson.labels[rest], lesson.weights[rest]
        found = solve(train, labels, penalty, weights=weights, start=found)
        shares = probabilities_of(test, found)
        losses[place] = loss_of(shares, lesson.labels[part], lesson.weights[part])
    return losses


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


def _standardised(table: "Floats") -> tuple["Floats", "Floats", "Floats"]:
    """The table by the mean and standard deviation of each column's known values, and those two.

    A column without spread is only centred.
    """
    import numpy as np

    known = ~np.isnan(table)
    counts = np.maximum(known.sum(axis=0), 1)
    centres = np.where(known, table, 0.0).sum(axis=0) / counts
    off = np.where(known, table - centres, 0.0)
    spreads = np.sqrt((off**2).sum(axis=0) / counts)
    scales = np.where(spreads > 1e-12, spreads, 1.0)
    return _scaled(table, centres, scales), centres, scales


def _scaled(table: "Floats", centres: "Floats", scales: "Floats") -> "Floats":
    """Standardised; what is missing says nothing."""
    import numpy as np

    return np.nan_to_num((table - centres) / scales, nan=0.0)
