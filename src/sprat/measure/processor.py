"""Processor time: of the whole machine, and of a process tree."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import psutil

TICKS_PER_S = 100
"""Of `/proc/stat`: `USER_HZ`, which is 100 wherever Linux runs Python.

Source: https://man7.org/linux/man-pages/man5/proc_stat.5.html
"""

KEEPS_ENDED = sys.platform == "linux"
"""Whether the time of a process that ended is kept by its parent: elsewhere it is nobody's.

Source: https://psutil.readthedocs.io/en/latest/#psutil.Process.cpu_times (`children_user`)
"""


class Machine(msgspec.Struct, frozen=True):
    """Seconds since the machine was started, over all processors."""

    total_s: float
    busy_s: float
    """Computing for anybody; waiting for a disk is not computing."""
    steal_s: float | None = None
    """Wanted by this virtual machine and given to others by its host; None where not told."""


def machine_time(root: Path = Path("/")) -> Machine:
    """What all processors have done so far; all zero where it cannot be read."""
    if sys.platform == "linux":
        try:
            line = (root / "proc/stat").read_text("ascii").splitlines()[0].split()
        except OSError:
            return Machine(0.0, 0.0)
        # guest time (9 and 10) is inside user and nice
        user, nice, system, idle, iowait, irq, softirq, steal = (int(n) for n in line[1:9])
        busy = user + nice + system + irq + softirq
        total = busy + idle + iowait + steal
        return Machine(total / TICKS_PER_S, busy / TICKS_PER_S, steal / TICKS_PER_S)
    times = psutil.cpu_times()
    idle_s: float = times.idle
    total_s = sum(float(part) for part in times)
    return Machine(total_s, total_s - idle_s)


def busy_share(start: Machine, end: Machine) -> float | None:
    """How much of all processors was busy between two looks, 0..1; None if no time went by."""
    total_s = end.total_s - start.total_s
    return (end.busy_s - start.busy_s) / total_s if total_s > 0 else None


def tree_times(tree: Iterable[psutil.Process]) -> dict[int, float]:
    """Seconds of processor time so far by process; those that are gone are left out.

    The first four fields: user and system, its own and those of children that ended.
    """
    found: dict[int, float] = {}
    for process in tree:
        try:
            times = process.cpu_times()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        found[process.pid] = sum(times[:4])
    return found


def spent_s(start: Mapping[int, float], end: Mapping[int, float]) -> float | None:
    """Processor time between two looks at one tree; None if it could not be read or is another.

    A process that came in between counts from its birth; the time of one that ended is in its
    parent's (`KEEPS_ENDED`).
    """
    if start.keys().isdisjoint(end):
        return None
    return max(0.0, sum(end.values()) - sum(start.values()))
