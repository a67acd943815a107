"""Does it keep silent where the documents do, and only there?"""

from collections.abc import Sequence
from typing import NamedTuple

from sprat.studies.grounded.case import Case
from sprat.studies.grounded.figures import Figure, mean, ratio


class Abstention(NamedTuple):
    """How well "the documents do not say" is said."""

    precision: Figure
    """Of the abstentions, the share that is of unanswerable questions."""
    recall: Figure
    """Of the unanswerable questions, the share it abstained from; a failed one is none of those."""
    f1: Figure
    """Their harmonic mean, 2·TP / (2·TP + FP + FN)."""
    rate: Figure
    """Share of all questions it abstained from."""


def abstention(cases: Sequence[Case], *, seed: int = 0) -> Abstention:
    """Precision, recall and F1 of abstaining, unanswerable questions being what is to be found.

    Only of questions that say whether they can be answered.

    Source: van Rijsbergen (1979), Information Retrieval, chapter 7; for abstention: Rajpurkar et
    al. (2018), arXiv:1806.03822.
    """
    known = [case for case in cases if case.question.kind != "open"]
    silent = [case for case in known if case.abstained]
    nowhere = [case for case in known if case.question.unanswerable]
    both = [float(case.abstained and case.question.unanswerable) for case in known]
    sizes = [float(case.abstained) + float(case.question.unanswerable) for case in known]
    return Abstention(
        precision=mean([float(case.question.unanswerable) for case in silent], seed=seed),
        recall=mean([float(case.abstained) for case in nowhere], seed=seed),
        f1=ratio([2 * hit for hit in both], sizes, seed=seed),
        rate=mean([float(case.abstained) for case in known], seed=seed),
    )
