"""Worlds: the assumptions as they are, one of them at its ends, or all of them drawn by chance."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sprat.cost.assumptions import Assumption, Assumptions
from sprat.cost.terms import TERMS

if TYPE_CHECKING:
    import numpy as np

    from sprat.cost.forecast import Floats
    from sprat.cost.options import Column

DRAWS = 4000
_CELLS = 2_000_000
"""Resampled weights held at once: 16 MB."""


def base_world(assumed: Assumptions, role: str) -> "dict[str, Floats]":
    """One world: every term at its value. Terms that nobody gave are left out."""
    return varied_worlds(assumed, role, ())


def varied_worlds(
    assumed: Assumptions, role: str, changes: Sequence[tuple[str, float]]
) -> "dict[str, Floats]":
    """The base world, then one for each change of one term alone."""
    import numpy as np

    found: dict[str, Floats] = {}
    for name in TERMS:
        value = assumed.of(name, role).value
        if value is not None:
            row = [value, *(new if name == changed else value for changed, new in changes)]
            found[name] = np.asarray(row, dtype=np.float64)
    return found


def drawn_worlds(assumed: Assumptions, role: str, draws: int, seed: int) -> "dict[str, Floats]":
    """Every uncertain term from a triangular distribution, independently of the others.

    A term has the same draws in every option, so that two options differ by what they are; one
    more term changes none of the others' draws.
    """
    import numpy as np

    found: dict[str, Floats] = {}
    for place, name in enumerate(TERMS):
        one = assumed.of(name, role)
        if one.value is not None:
            found[name] = _drawn(one, draws, np.random.default_rng([seed, place]))
    return found


def _drawn(one: Assumption, draws: int, random: "np.random.Generator") -> "Floats":
    import numpy as np

    if one.value is None or one.low is None or one.high is None or not one.spread:
        return np.full(draws, one.value, dtype=np.float64)
    return random.triangular(one.low, one.value, one.high, size=draws)


def mean_columns(
    sides: "Mapping[str, Mapping[Column, Floats]]",
) -> "dict[str, dict[Column, Floats]]":
    """The mean of every column over its answers, in one world. NaN is "not known of this one"."""
    import numpy as np

    def mean(values: "Floats") -> "Floats":
        return np.full(1, float(np.nanmean(values)))

    return {
        side: {name: mean(values) for name, values in columns.items()}
        for side, columns in sides.items()
    }


def resampled_columns(
    sides: "Mapping[str, Mapping[Column, Floats]]",
    groups: Mapping[str, Sequence[str]],
    draws: int,
    seed: int,
) -> "dict[str, dict[Column, Floats]]":
    """Bootstrap means: in each world other questions were asked, of all sides the same ones.

    `groups`: by side, the group of each answer; a group is drawn whole (translations of one
    question are not independent), and by its name, so that sides with the same questions are
    paired. Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    import numpy as np

    names = list(dict.fromkeys(name for mine in groups.values() for name in mine))
    places = {name: place for place, name in enumerate(names)}
    index = {side: np.asarray([places[n] for n in mine]) for side, mine in groups.items()}
    random = np.random.default_rng([seed, len(TERMS)])
    found: dict[str, dict[Column, Floats]] = {
        side: {name: np.empty(draws) for name in columns} for side, columns in sides.items()
    }
    step = max(1, _CELLS // max(1, len(names)))
    for start in range(0, draws, step):
        rows = slice(start, min(draws, start + step))
        size = rows.stop - rows.start
        counts = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=size)
        for side, columns in sides.items():
            weights = counts[:, index[side]].astype(np.float64)
            for name, values in columns.items():
                found[side][name][rows] = _weighted(weights, values)
    return found


def _weighted(weights: "Floats", values: "Floats") -> "Floats":
    """The weighted mean in each world; where no known value was drawn, the plain one."""
    import numpy as np

    known = ~np.isnan(values)
    total = weights @ known.astype(np.float64)
    summed = weights @ np.where(known, values, 0.0)
    plain = values[known].mean()
    return np.where(total > 0, summed / np.maximum(total, 1.0), plain)
