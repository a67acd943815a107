"""What an engine used while it worked: memory and energy of one window, as `Resources`."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sprat.measure.clock import Clock, now_ns
from sprat.measure.counter import Counter, NoCounter
from sprat.measure.energy import open_counter
from sprat.measure.memory import PeakMemory, tree_of
from sprat.types import Resources

if TYPE_CHECKING:
    import psutil

SAMPLE_S = 0.1
"""Between two looks at memory: rare enough not to disturb what is timed."""

Pids = Callable[[], tuple[int, ...]]
"""Asked anew for each window, since a worker may have been replaced."""


class Energy:
    """A counter with its idle baseline, shared by all meters of a study."""

    def __init__(self, counter: Counter | NoCounter, clock: Clock = now_ns) -> None:
        self._counter = counter
        self._clock = clock
        self._idle_watts = 0.0
        self._reading = threading.Lock()

    @classmethod
    def open(cls) -> "Energy":
        """Whatever this machine lets us read."""
        return cls(open_counter())

    def learn_idle(self, seconds: float = 2.0, sleep: Callable[[float], None] = time.sleep) -> None:
        """Measure what the machine draws with the model loaded and nobody asking; blocks."""
        start = self.stamp()
        sleep(seconds if start else 0)
        end = self.stamp()
        if start is None or end is None:
            return
        self._idle_watts = (end[0] - start[0]) / ((end[1] - start[1]) / 1e9)

    def stamp(self) -> tuple[float, int] | None:
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

    def between(
        self, start: tuple[float, int] | None, end: tuple[float, int] | None
    ) -> float | None:
        """Joules above idle; None without a counter. Not below zero: noise gives nothing back."""
        if start is None or end is None:
            return None
        idle = self._idle_watts * (end[1] - start[1]) / 1e9
        return max(0.0, end[0] - start[0] - idle)

    @property
    def source(self) -> str:
        """The counter and the baseline, or why there is none."""
        if isinstance(self._counter, NoCounter):
            return f"unavailable: {self._counter.why}"
        return f"{self._counter.source}, idle {self._idle_watts:.1f} W excluded"

    def close(self) -> None:
        """Stop the counter."""
        if not isinstance(self._counter, NoCounter):
            self._counter.close()


class Window:
    """One stretch of work; `resources` is there when it is over."""

    resources: Resources | None = None


class Meter:
    """Measures one engine: one window per answer."""

    def __init__(self, pids: Pids, energy: Energy, *, local: bool = True) -> None:
        """An engine that is not `local` (an endpoint) has neither memory nor energy here."""
        self._pids = pids
        self._energy = energy
        self._local = local
        self._peak = PeakMemory()
        self._tree: tuple[psutil.Process, ...] = ()

    @contextmanager
    def window(self) -> Generator[Window]:
        """Measure what happens inside; windows of one meter may not overlap."""
        window = Window()
        self._refresh()
        start = self._energy.stamp() if self._local else None
        over = threading.Event()
        sampler = threading.Thread(target=self._sample, args=(over,), name="meter", daemon=True)
        sampler.start()
        try:
            yield window
        finally:
            end = self._energy.stamp() if self._local else None
            over.set()
            sampler.join()
            window.resources = self._resources(start, end)

    def _sample(self, over: threading.Event) -> None:
        while not over.wait(SAMPLE_S):
            self._peak.sample(self._tree)
            self._energy.stamp()  # keeps a counter that wraps from wrapping twice

    def _refresh(self) -> None:
        """Look the tree up again; a worker that was replaced starts with a peak of its own."""
        tree = tree_of(self._pids())
        if {p.pid for p in tree}.isdisjoint(p.pid for p in self._tree):
            self._peak = PeakMemory()
        self._tree = tree

    def _resources(
        self, start: tuple[float, int] | None, end: tuple[float, int] | None
    ) -> Resources:
        self._refresh()
        self._peak.settle(self._tree)
        return Resources(
            peak_rss_bytes=self._peak.bytes,
            energy_joules=self._energy.between(start, end),
            energy_source=self._energy.source
            if self._local
            else "unavailable: the model runs elsewhere",
        )
