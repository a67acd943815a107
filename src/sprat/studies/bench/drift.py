"""Whether the machine stayed the same while it was measured; if not, the run is degraded."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

BUSY = 0.5
"""Runnable processes per core before the first request from which on the times are not ours."""
SLOWER = 0.9
"""A mean frequency below this share of that at the beginning is a drift."""

Reasons = Callable[[], tuple[str, ...]]


@contextmanager
def watched() -> Generator[Reasons]:
    """Sample the machine meanwhile, where that can be done; afterwards: what drifted."""
    if find_spec("sprat.measure.watch") is None:
        yield lambda: ()
        return
    watch = import_module("sprat.measure.watch").Watch()
    with watch:
        yield lambda: tuple(watch.drift())


def drifted(begin: Mapping[str, Any], end: Mapping[str, Any]) -> tuple[str, ...]:
    """What two descriptions of the machine, before and after, say against the times between."""
    found = [_busy(begin), _unplugged(begin, end), _changed(begin, end), _slower(begin, end)]
    return tuple(line for line in found if line)


def _busy(begin: Mapping[str, Any]) -> str:
    load, cores = begin.get("load_average_1min"), begin.get("usable_cores")
    if load is None or not cores or load < BUSY * cores:
        return ""
    return f"The machine was busy before the first request: load {load} on {cores} cores."


def _unplugged(begin: Mapping[str, Any], end: Mapping[str, Any]) -> str:
    sources = (begin.get("power"), end.get("power"))
    if None in sources or sources[0] == sources[1]:
        return ""
    return f"The power source changed from {sources[0]} to {sources[1]}."


def _changed(begin: Mapping[str, Any], end: Mapping[str, Any]) -> str:
    before, after = begin.get("governor"), end.get("governor")
    if before is None or after is None or before == after:
        return ""
    return f"The frequency governor changed from {before} to {after}."


def _slower(begin: Mapping[str, Any], end: Mapping[str, Any]) -> str:
    before, after = begin.get("frequency_mhz"), end.get("frequency_mhz")
    if before is None or after is None or after >= SLOWER * before:
        return ""
    return f"The mean frequency fell from {before:.0f} to {after:.0f} MHz."
