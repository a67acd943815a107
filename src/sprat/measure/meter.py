"""What an engine used while it worked: memory and energy of one window, as `Resources`."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sprat.measure.counter import NoCounter
from sprat.measure.energy import Drawn, Energy, Stamp
from sprat.measure.gpu import GpuMemory, Held
from sprat.measure.memory import PeakMemory, tree_of
from sprat.measure.processor import spent_s, tree_times
from sprat.types import Resources

if TYPE_CHECKING:
    import psutil

SAMPLE_S = 0.1
"""Between two looks at memory: rare enough not to disturb what is timed."""

Pids = Callable[[], tuple[int, ...]]
"""Asked anew for each window, since a worker may have been replaced."""


class Window:
    """One stretch of work; `resources` is there when it is over."""

    resources: Resources | None = None


ELSEWHERE = "unavailable: the model runs elsewhere"


class Meter:
    """Measures one engine: one window per answer."""

    def __init__(
        self,
        pids: Pids,
        energy: Energy,
        *,
        gpu: GpuMemory | NoCounter | None = None,
        local: bool = True,
    ) -> None:
        """An engine that is not `local` (an endpoint) has neither memory nor energy here."""
        self._pids = pids
        self._energy = energy
        self._gpu = gpu
        self._local = local
        self._peak = PeakMemory()
        self._tree: tuple[psutil.Process, ...] = ()

    @contextmanager
    def window(self) -> Generator[Window]:
        """Measure what happens inside; windows of one meter may not overlap."""
        window = Window()
        self._refresh()
        before = tree_times(self._tree)
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
            window.resources = self._resources(self._drawn(start, end), before)

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

    def _drawn(self, start: Stamp | None, end: Stamp | None) -> Drawn:
        return self._energy.drawn(start, end) if self._local else Drawn(None, None, ELSEWHERE)

    def _held(self) -> Held:
        if not self._local:
            return Held(None, ELSEWHERE)
        if self._gpu is None or isinstance(self._gpu, NoCounter):
            return Held(None, f"unavailable: {self._gpu.why if self._gpu else 'not asked for'}")
        return self._gpu.held({process.pid for process in self._tree})

    def _resources(self, drawn: Drawn, before: dict[int, float]) -> Resources:
        self._refresh()
        self._peak.settle(self._tree)
        held = self._held()
        return Resources(
            peak_rss_bytes=self._peak.bytes,
            processor_s=spent_s(before, tree_times(self._tree)),
            energy_joules=drawn.joules,
            energy_noise_joules=drawn.noise_joules,
            energy_source=drawn.source,
            gpu_memory_bytes=held.bytes,
            gpu_memory_source=held.source,
        )
