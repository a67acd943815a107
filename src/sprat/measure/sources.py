"""Which energy counters there are, which go together, and which hold one another."""

import sys
from collections.abc import Callable, Sequence

from sprat.measure.battery import battery_counter
from sprat.measure.counter import Counter, NoCounter, SumCounter
from sprat.measure.hwmon import amd_counter, intel_gpu_counter
from sprat.measure.nvml import nvml_counter
from sprat.measure.powermetrics import powermetrics_counter
from sprat.measure.rails import rail_counter
from sprat.measure.rapl import rapl_counter

Opener = Callable[[], Counter | NoCounter]
Part = Sequence[Opener]
"""Several ways to count one part of the machine: the first that can be read counts."""
Whole = Sequence[Part]
"""Parts that do not overlap: all that can be read are added."""

WHOLES: dict[str, Sequence[Whole]] = {
    "linux": (
        ((rapl_counter, amd_counter), (nvml_counter,), (intel_gpu_counter,)),
        ((rail_counter,),),  # the whole board
        ((battery_counter,),),  # the whole machine
    ),
    "darwin": (((powermetrics_counter,),), ((battery_counter,),)),
    "win32": (((nvml_counter,),), ((battery_counter,),)),
}
"""By platform, the finest first; a later one holds what the earlier ones count, so one is used."""


def open_counter(wholes: Sequence[Whole] | None = None) -> Counter | NoCounter:
    """The finest energy counters that this machine lets us read, or why there are none."""
    whys: list[str] = []
    for whole in WHOLES.get(sys.platform, ()) if wholes is None else wholes:
        opened = [_first(part, whys) for part in whole]
        found = [counter for counter in opened if counter is not None]
        if found:
            return found[0] if len(found) == 1 else SumCounter(found)
    known = [why for why in whys if why]
    return NoCounter("; ".join(known) or f"no energy counter is known for {sys.platform}")


def _first(part: Part, whys: list[str]) -> Counter | None:
    for opener in part:
        counter = opener()
        if not isinstance(counter, NoCounter):
            return counter
        whys.append(counter.why)
    return None
