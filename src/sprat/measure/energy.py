"""Joules from real counters, or the reason why there are none. Definition: docs/metrics.md."""

import sys

from sprat.measure.counter import Counter, NoCounter, SumCounter
from sprat.measure.nvml import nvml_counter
from sprat.measure.powermetrics import powermetrics_counter
from sprat.measure.rapl import rapl_counter


def open_counter() -> Counter | NoCounter:
    """Every energy counter that this machine lets us read, or why there is none."""
    if sys.platform == "darwin":
        return powermetrics_counter()
    tried: list[Counter | NoCounter] = [rapl_counter(), nvml_counter()]
    found = [counter for counter in tried if not isinstance(counter, NoCounter)]
    if not found:
        return NoCounter("; ".join(c.why for c in tried if isinstance(c, NoCounter)))
    return found[0] if len(found) == 1 else SumCounter(found)
