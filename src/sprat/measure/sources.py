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
"""Parts that do not overlap, the processor first: all that can be read are added."""


def _windows_processor() -> NoCounter:
    """Its energy meters need a driver and rights that a plain program has not."""
    return NoCounter("no counter of the processor is read on Windows")


WHOLES: dict[str, Sequence[Whole]] = {
    "linux": (
        ((rapl_counter, amd_counter), (nvml_counter,), (intel_gpu_counter,)),
        ((rail_counter,),),  # the whole board
        ((battery_counter,),),  # the whole machine
    ),
    "darwin": (((powermetrics_counter,),), ((battery_counter,),)),
    "win32": (((_windows_processor,), (nvml_counter,)), ((battery_counter,),)),
}
"""By platform, the finest first; a later one holds what the earlier ones count, so one is used."""


def open_counter(wholes: Sequence[Whole] | None = None) -> Counter | NoCounter:
    """The finest energy counters that this machine lets us read, or why there are none."""
    whys: list[str] = []
    for whole in WHOLES.get(sys.platform, ()) if wholes is None else wholes:
        opened = [_open_part(part) for part in whole]
        found = [counter for counter in opened if not isinstance(counter, NoCounter)]
        lacking = [counter.why for counter in opened if isinstance(counter, NoCounter)]
        if found:
            counter = found[0] if len(found) == 1 else SumCounter(found)
            counter.source += _caveats(whys, opened[0])
            return counter
        whys += [why for why in lacking if why]
    return NoCounter("; ".join(whys) or f"no energy counter is known for {sys.platform}")


def _open_part(part: Part) -> Counter | NoCounter:
    whys: list[str] = []
    for opener in part:
        counter = opener()
        if not isinstance(counter, NoCounter):
            return counter
        whys.append(counter.why)
    return NoCounter("; ".join(why for why in whys if why))


def _caveats(finer: Sequence[str], main: Counter | NoCounter) -> str:
    """What keeps finer counters, or the main part beside its GPUs, from being read."""
    if finer:
        return f"; nothing finer: {'; '.join(finer)}"
    return f"; without the processor: {main.why}" if isinstance(main, NoCounter) else ""
