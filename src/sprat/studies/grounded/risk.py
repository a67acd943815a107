"""If only its surest answers were given: how many would there be, and how many of them wrong?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sprat.policies.measures import risk_coverage
from sprat.studies.grounded.figures import Figure, mean, resampled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Answer(NamedTuple):
    """One question as selective prediction sees it; no confidence: it gave no answer."""

    confidence: float | None
    right: bool


class Risk(NamedTuple):
    """What its confidence is worth."""

    coverage: Figure
    """Share of the questions that it answered at all: the right end of the curve."""
    risk: Figure
    """Of those answers, the share that is wrong."""
    aurc: Figure
    """Mean risk over all smaller coverages: less is better; no confidence at all has `risk`."""
    best: float | None
    """The AURC of a confidence that puts every right answer before every wrong one."""
    curve: tuple[tuple[float, float], ...]
    """(coverage, risk) for every threshold, from few answers to all that it gave."""


def risk_of(answers: Sequence[Answer], *, seed: int = 0) -> Risk:
    """The risk-coverage curve of the answers that were given, surest first, and the area under it.

    Coverage is of all questions, those without an answer too: they are never covered. An answer to
    an unanswerable question is a wrong one.

    Source: El-Yaniv & Wiener (2010), Journal of Machine Learning Research 11:1605 (the curve);
    Geifman & El-Yaniv (2017), arXiv:1705.08500; Geifman, Uziel & El-Yaniv (2019), arXiv:1805.08206
    (AURC, (1/n) Σ_i r_i over the n answers).
    """
    given = [(one.confidence, one.right) for one in answers if one.confidence is not None]
    sure, good = [pair[0] for pair in given], [pair[1] for pair in given]
    share = len(given) / len(answers) if answers else 0.0
    return Risk(
        coverage=mean([float(one.confidence is not None) for one in answers], seed=seed),
        risk=mean([float(not one) for one in good], seed=seed),
        aurc=resampled(len(given), lambda weights: aurcs(sure, good, weights), seed=seed),
        best=_best(good),
        curve=tuple((share * at, wrong) for at, wrong in risk_coverage(sure, good)),
    )


def aurcs(confidence: Sequence[float], right: Sequence[bool], weights: "Floats") -> "Floats":
    """The area under the risk-coverage curve, for each row of weights.

    Answers of one confidence are in no order: each counts as wrong as they are on average, which is
    the expectation over all orders.
    """
    import numpy as np

    order = np.argsort(-np.asarray(confidence, dtype=np.float64), kind="stable")
    levels = np.asarray(confidence, dtype=np.float64)[order]
    starts = np.flatnonzero(np.concatenate([[True], levels[1:] != levels[:-1]]))
    sizes = np.diff(np.append(starts, len(levels)))
    w = weights[:, order]
    wrong = w * (1 - np.asarray(right, dtype=np.float64)[order])
    together = np.add.reduceat(wrong, starts, axis=1) / np.add.reduceat(w, starts, axis=1)
    level = np.repeat(np.nan_to_num(together), sizes, axis=1)
    risks = np.cumsum(w * level, axis=1) / np.cumsum(w, axis=1)
    return (w * np.nan_to_num(risks)).sum(axis=1) / w.sum(axis=1)


def _best(right: Sequence[bool]) -> float | None:
    if not right:
        return None
    good = sum(right)
    return sum((at - good) / at for at in range(good + 1, len(right) + 1)) / len(right)
