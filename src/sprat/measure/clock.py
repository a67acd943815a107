"""The one clock. Every stamp that is compared with another comes from here."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Tells nanoseconds since a fixed but unknown moment; tests pass one of their own."""


def now_ns() -> int:
    """Monotonic nanoseconds, the same in every process of this machine since it was started.

    `perf_counter` rather than `monotonic`: on Linux and macOS they are one clock, but before
    Python 3.13 `monotonic` ticks only every 15.6 ms on Windows.

    Source: https://docs.python.org/3/library/time.html#time.perf_counter
    """
    return time.perf_counter_ns()
