"""A threshold for a budget: the best quality that does not cost more than a share of the large."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sprat.errors import PolicyError
from sprat.policies.certify import DELTA
from sprat.policies.points import Point, groups_in
from sprat.policies.resample import RESAMPLES, draws
from sprat.policies.sweep import sweep

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Budgeted(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen on the tune split, and what it costs on the certify split."""

    budget: float
    """Share of what the large model alone costs."""
    threshold: float | None
    """Accepted from this confidence on; None: nothing is, and it is cheap enough all the same."""
    quality: float
    """On the tune split, where it was chosen: flattering."""
    tune_share: float
    """Cost on the tune split, as a share of the large model's."""
    tune_upper: float
    """What as many questions as there are to certify on are to cost at most, at level `delta`, as
    the tune split foretells: this keeps to the budget."""
    share: float
    """Cost on the certify split, likewise."""
    upper: float
    """One-sided bootstrap bound of `share`, at level `delta`."""
    delta: float
    n: int
    """Answers of the certify split."""


def budget_threshold(
    tune: Sequence[Point],
    certify: Sequence[Point],
    budget: float,
    *,
    delta: float = DELTA,
    seed: int = 0,
) -> Budgeted:
    """The threshold of best quality on the tune split whose cost is surely within the budget.

    Surely: with a margin, without which other questions would cost too much every other time. Of
    equals the cheapest. The certify split then says what it costs on questions that nothing was
    chosen on.

    Raises:
        PolicyError: no threshold keeps to the budget, or a split is empty.

    Source: Davison & Hinkley (1997), Bootstrap Methods and their Application, 5.3 (percentile
    bound of a ratio of means).
    """
    import numpy as np

    if not tune or not certify:
        raise PolicyError("There are no questions to choose a threshold on.", fix="Ask: --limit.")
    found = sweep(tune, np.ones((1, len(tune))))
    shares = found.cost[0] / max(float(found.large_cost[0]), 1e-12)
    uppers = _foretold(tune, shares, len(tune) / len(certify), delta, seed)
    fits = [at for at in range(len(shares)) if uppers[at] <= budget + 1e-12]
    if not fits:
        least = float(uppers.min())
        raise PolicyError(
            f"No threshold is sure to cost as little as {budget:.0%} of the large model: the "
            f"cheapest costs up to {least:.0%}.",
            fix=f"Try: --budget {least + 0.01:.2f}",
        )
    best = max(fits, key=lambda at: (round(float(found.quality[0, at]), 12), -shares[at]))
    threshold = float(found.thresholds[best])
    kept = None if np.isinf(threshold) else threshold
    share, upper = _share(certify, kept, delta, seed)
    return Budgeted(
        budget=budget,
        threshold=kept,
        quality=float(found.quality[0, best]),
        tune_share=float(shares[best]),
        tune_upper=float(uppers[best]),
        share=share,
        upper=upper,
        delta=delta,
        n=len(certify),
    )


def _foretold(
    tune: Sequence[Point], shares: "Floats", ratio: float, delta: float, seed: int
) -> "Floats":
    """For each threshold what other questions cost at most, as a share of the large model's cost.

    Those vary too, and the more the fewer they are: `ratio` is how many times as many are here.
    """
    import numpy as np

    drawn = sweep(tune, draws(groups_in(tune), seed=seed, resamples=RESAMPLES))
    here = np.quantile(drawn.cost / np.maximum(drawn.large_cost, 1e-12)[:, None], 1 - delta, axis=0)
    return shares + (here - shares) * np.sqrt(1 + ratio)


def _share(
    points: Sequence[Point], threshold: float | None, delta: float, seed: int
) -> tuple[float, float]:
    import numpy as np

    ours = np.array([p.accepted_cost if p.accepts(threshold) else p.escalated_cost for p in points])
    theirs = np.array([point.large_cost for point in points])
    weights = draws(groups_in(points), seed=seed, resamples=RESAMPLES)
    drawn = (weights @ ours) / np.maximum(weights @ theirs, 1e-12)
    return float(ours.sum() / max(theirs.sum(), 1e-12)), float(np.quantile(drawn, 1 - delta))
