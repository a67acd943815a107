"""Joules above idle of a stretch, how far off they may be, or why there are none.

Definition: docs/metrics.md, "Energy"; why so: docs/decisions/energy.md.
"""

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import mean, stdev
from typing import NamedTuple

from sprat.measure.clock import Clock, now_ns
from sprat.measure.counter import Counter, NoCounter
from sprat.measure.processor import Machine, busy_share, machine_time
from sprat.measure.sources import open_counter

SLICE_S = 0.25
"""The baseline is cut into pieces of this length: how they differ is how the idle draw wavers."""
LONGEST_SLICE_S = 1.0
"""A counter that needs longer pieces (a battery) has no baseline: it would take minutes."""
MIN_SLICES = 4
"""Fewer say nothing about a spread."""
BUSY_SHARE = 0.1
"""Of all processors; above it the machine was not idle, and a reader is told so."""

Stamp = tuple[float, int]
"""Joules so far, and the moment in nanoseconds."""


class Idle(NamedTuple):
    """What the machine draws with the models loaded and nobody asking."""

    watts: float
    spread_watts: float
    """Standard deviation of the pieces."""
    busy: float | None
    """Share of the processors that somebody used meanwhile."""

    @property
    def words(self) -> str:
        """For a person."""
        crowd = (
            f" (the machine was not idle then: {self.busy:.0%} of its processors were busy)"
            if self.busy is not None and self.busy > BUSY_SHARE
            else ""
        )
        return f"idle {self.watts:.1f} ± {self.spread_watts:.1f} W excluded{crowd}"


class Drawn(NamedTuple):
    """Energy of one stretch."""

    joules: float | None
    """Above idle; noise may take it below zero. None: not measured."""
    noise_joules: float | None
    """How far off it may be, at most; None with the joules."""
    source: str
    """The counter and the baseline, or why there is none."""


class Energy:
    """A counter with its idle baseline, shared by all meters of a study."""

    def __init__(
        self,
        counter: Counter | NoCounter,
        clock: Clock = now_ns,
        machine: Callable[[], Machine] = machine_time,
    ) -> None:
        self._counter = counter
        self._clock = clock
        self._machine = machine
        self._idle: Idle | None = None
        self._reading = threading.Lock()

    @classmethod
    def open(cls) -> "Energy":
        """Whatever this machine lets us read."""
        return cls(open_counter())

    def learn_idle(self, seconds: float = 2.0, sleep: Callable[[float], None] = time.sleep) -> None:
        """Measure what the machine draws now. To be called when everything is loaded.

        Blocks `seconds`, or as long as a slow counter needs for the fewest pieces: 4 s at most.
        """
        counter = self._counter
        if isinstance(counter, NoCounter):
            return
        slice_s = max(SLICE_S, 2 * counter.refresh_s)
        if slice_s > LONGEST_SLICE_S:
            return
        pieces = max(MIN_SLICES, int(seconds / slice_s))
        before, stamps = self._machine(), [self.stamp()]
        for _ in range(pieces):
            sleep(max(seconds / pieces, slice_s))
            stamps.append(self.stamp())
        read = [stamp for stamp in stamps if stamp is not None]
        if len(read) == len(stamps):
            watts = [_watts(*two) for two in pairwise(read)]
            self._idle = Idle(mean(watts), stdev(watts), busy_share(before, self._machine()))

    def stamp(self) -> Stamp | None:
        """Joules and the moment; None without a counter, or from when it fails."""
        with self._reading:
            counter = self._counter
            if isinstance(counter, NoCounter):
                return None
            try:
                return counter.read_joules(), self._clock()
            except Exception as error:  # noqa: BLE001 - each library fails in its own way
                self._counter = NoCounter(f"{counter.source} stopped answering: {error}")
                return None

    def drawn(self, start: Stamp | None, end: Stamp | None) -> Drawn:
        """Joules above idle between two stamps; not measured if the counter cannot tell them."""
        counter = self._counter
        if isinstance(counter, NoCounter) or start is None or end is None:
            return Drawn(None, None, self.source)
        seconds = (end[1] - start[1]) / 1e9
        if self._idle is None:
            return Drawn(None, None, self.source)
        if seconds < counter.refresh_s:
            why = f"{counter.source} steps every {counter.refresh_s:g} s"
            return Drawn(None, None, f"unavailable: {why}, an answer took {seconds:.2g} s")
        raw_joules = end[0] - start[0]
        step_joules = abs(raw_joules) / seconds * counter.refresh_s
        return Drawn(
            raw_joules - self._idle.watts * seconds,
            self._idle.spread_watts * seconds + step_joules,
            self.source,
        )

    @property
    def source(self) -> str:
        """The counter and the baseline, or why there is none."""
        if isinstance(self._counter, NoCounter):
            return f"unavailable: {self._counter.why}"
        if self._idle is None:
            return f"unavailable: too coarse for an idle baseline: {self._counter.source}"
        return f"{self._counter.source}, {self._idle.words}"

    def close(self) -> None:
        """Stop the counter."""
        if not isinstance(self._counter, NoCounter):
            self._counter.close()


def _watts(start: Stamp, end: Stamp) -> float:
    return (end[0] - start[0]) / ((end[1] - start[1]) / 1e9)
