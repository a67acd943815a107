"""What a counter of energy is, and what stands in its place where there is none."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from sprat.measure.clock import Clock, now_ns


class Counter(Protocol):
    """Something that has counted joules since some moment."""

    source: str
    """What is read, and of what: for a person."""
    refresh_s: float
    """Between two steps of the counter: a shorter stretch shows nothing but chance."""

    def read_joules(self) -> float:
        """Joules so far; never falls. Call it at least once a minute."""
        ...

    def close(self) -> None:
        """Stop what runs."""
        ...


class NoCounter(msgspec.Struct, frozen=True):
    """There is none that could be read."""

    why: str
    """Empty where nobody would expect one: not worth a word."""


class SumCounter:
    """Several counters of different parts of the machine as one."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        self._counters = tuple(counters)
        self.source = " + ".join(counter.source for counter in counters)
        self.refresh_s = max(counter.refresh_s for counter in counters)

    def read_joules(self) -> float:
        """Joules of all together."""
        return sum(counter.read_joules() for counter in self._counters)

    def close(self) -> None:
        """Close each."""
        for counter in self._counters:
            counter.close()


class PowerCounter:
    """Adds up a power that is read again and again: trapezoids between two readings."""

    def __init__(
        self, source: str, refresh_s: float, read_watts: Callable[[], float], clock: Clock = now_ns
    ) -> None:
        self.source = source
        self.refresh_s = refresh_s
        self._read_watts = read_watts
        self._clock = clock
        self._last = (clock(), read_watts())
        self._joules = 0.0

    def read_joules(self) -> float:
        """Joules since this counter was made; as good as it is read often."""
        now = (self._clock(), self._read_watts())
        mean_watts = (now[1] + self._last[1]) / 2
        self._joules += mean_watts * (now[0] - self._last[0]) / 1e9
        self._last = now
        return self._joules

    def close(self) -> None:
        """Nothing runs."""
