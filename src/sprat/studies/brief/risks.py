"""What may go wrong: each risk is read from the data, and they are ordered by weight."""

from collections.abc import Callable, Iterable

from sprat.studies.brief.result import Risk
from sprat.studies.brief.risks_of_answers import ANSWERS
from sprat.studies.brief.risks_of_studies import STUDIES
from sprat.studies.brief.risks_of_verdict import VERDICT
from sprat.studies.brief.seen import Seen

MOST = 6
"""Shown on the first page; the others are in the evidence."""

_ALL: tuple[Callable[[Seen], Iterable[Risk]], ...] = (*VERDICT, *ANSWERS, *STUDIES)


def risks_of(seen: Seen) -> tuple[tuple[Risk, ...], tuple[Risk, ...]]:
    """The heaviest, and the rest."""
    found = {risk.text: risk for read in _ALL for risk in read(seen)}
    ordered = sorted(found.values(), key=lambda risk: -risk.weight)
    return tuple(ordered[:MOST]), tuple(ordered[MOST:])
