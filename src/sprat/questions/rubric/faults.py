"""What costs an answer points."""

from collections.abc import Iterable
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is the matter with an answer."""

    points: float
    """Taken off the grade."""
    what: str
    """In a few words, for the line that says why."""


def graded(faults: Iterable[Fault], best: float = 5.0) -> tuple[float, str]:
    """The grade that faults leave of `best`, 1 to 5, and the line that names them."""
    found = [fault for fault in faults if fault.points > 0]
    value = max(1.0, best - sum(fault.points for fault in found))
    worst = sorted(found, key=lambda fault: -fault.points)[:4]
    return value, "; ".join(f"{fault.what} (-{fault.points:g})" for fault in worst)
