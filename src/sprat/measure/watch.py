"""Watches the machine while something is timed, and says what of it spoils the times."""

import os
import threading
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from sprat.measure.clock import Clock, now_ns
from sprat.measure.drift import Readings, reasons
from sprat.measure.environment import power_source
from sprat.measure.memory import tree_of
from sprat.measure.processor import Machine, machine_time, tree_times
from sprat.measure.sensors import Sensors

EVERY_S = 1.0
POWER_EVERY = 10
"""Looks between two at the power source: asking a battery's controller is slow."""


class Totals(NamedTuple):
    """Counters that only grow; the stretch is their difference."""

    at_ns: int
    machine: Machine
    own_s: float
    throttles: int | None
    stalled_s: float | None
    swapped_bytes: int | None
    periods: tuple[int, int] | None


class Watch:
    """Looks once a second from a thread of its own; `readings` and `drift()` are there at the end.

    What this process and those below it compute is its own; all else is "other programs". With
    `others=False` (a server on this machine answers, whose work is not other programs') their
    share is not told.
    """

    def __init__(
        self,
        *,
        others: bool = True,
        every_s: float = EVERY_S,
        root: Path = Path("/"),
        clock: Clock = now_ns,
    ) -> None:
        self.readings: Readings | None = None
        """None until the stretch is over."""
        self._others = others
        self._every_s = every_s
        self._root = root
        self._clock = clock
        self._sensors = Sensors(root)
        self._frequencies: list[float] = []
        self._temperatures: list[float] = []
        self._powers: list[str] = []
        self._looks = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._start = self._totals()
        self.look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._looks = 0  # the power source is asked at the end, too
        self.look()
        self.readings = self._summary(self._totals())

    def drift(self) -> tuple[str, ...]:
        """Why times of this stretch are not to be trusted; empty when nothing was seen."""
        return reasons(self.readings) if self.readings else ()

    def as_json(self) -> dict[str, Any]:
        """Readings and drift, to be recorded."""
        return {**msgspec.to_builtins(self.readings), "drift": list(self.drift())}

    def look(self) -> None:
        """Take one sample."""
        if (frequency := self._sensors.frequency_mhz()) is not None:
            self._frequencies.append(frequency)
        if (temperature := self._sensors.temperature_c()) is not None:
            self._temperatures.append(temperature)
        if self._looks % POWER_EVERY == 0:
            power = power_source(self._root)
            if power and self._powers[-1:] != [power]:
                self._powers.append(power)
        self._looks += 1

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            self.look()

    def _totals(self) -> Totals:
        sensors = self._sensors
        return Totals(
            at_ns=self._clock(),
            machine=machine_time(self._root),
            own_s=sum(tree_times(tree_of([os.getpid()])).values()),
            throttles=sensors.throttles(),
            stalled_s=sensors.stalled_s(),
            swapped_bytes=sensors.swapped_bytes(),
            periods=sensors.quota_periods(),
        )

    def _summary(self, end: Totals) -> Readings:
        start = self._start
        seconds = (end.at_ns - start.at_ns) / 1e9
        machine_s = end.machine.total_s - start.machine.total_s
        own_s = end.own_s - start.own_s
        others_s = max(0.0, end.machine.busy_s - start.machine.busy_s - own_s)
        periods = _ratio_of(start.periods, end.periods)
        quarter = max(1, len(self._frequencies) // 4)
        return Readings(
            seconds=round(seconds, 3),
            own_share=_share(own_s, machine_s),
            others_share=_share(others_s, machine_s) if self._others else None,
            steal_share=_share(_grown(start.machine.steal_s, end.machine.steal_s), machine_s),
            quota_share=periods,
            frequency_start_mhz=_median(self._frequencies[:quarter]),
            frequency_end_mhz=_median(self._frequencies[-quarter:]),
            temperature_start_c=next(iter(self._temperatures), None),
            temperature_highest_c=max(self._temperatures, default=None),
            throttles=_whole(_grown(start.throttles, end.throttles)),
            stalled_share=_share(_grown(start.stalled_s, end.stalled_s), seconds),
            swapped_bytes=_whole(_grown(start.swapped_bytes, end.swapped_bytes)),
            power=tuple(self._powers),
        )


def _grown(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(0, end - start)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _share(part: float | None, whole: float) -> float | None:
    return None if part is None or whole <= 0 else round(part / whole, 4)


def _ratio_of(start: tuple[int, int] | None, end: tuple[int, int] | None) -> float | None:
    if start is None or end is None:
        return None
    return _share(end[1] - start[1], end[0] - start[0])


def _median(values: list[float]) -> float | None:
    from statistics import median

    return round(median(values), 1) if values else None
