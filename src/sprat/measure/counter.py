"""What a counter of energy is, and what stands in its place where there is none."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Counter(Protocol):
    """Something that has counted joules since some moment."""

    source: str
    """What is read, and of what: for a person."""

    def read_joules(self) -> float:
        """Joules so far; never falls. Call it at least once a minute."""
        ...

    def close(self) -> None:
        """Stop what runs."""
        ...


class NoCounter(msgspec.Struct, frozen=True):
    """There is none that could be read."""

    why: str


class SumCounter:
    """Several counters of different parts of the machine as one."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        self._counters = tuple(counters)
        self.source = " + ".join(counter.source for counter in counters)

    def read_joules(self) -> float:
        """Joules of all together."""
        return sum(counter.read_joules() for counter in self._counters)

    def close(self) -> None:
        """Close each."""
        for counter in self._counters:
            counter.close()
