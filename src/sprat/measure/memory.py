"""Memory of a process and everything below it. Definition: docs/metrics.md, "Memory"."""

import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

_GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


def tree_of(pids: Iterable[int]) -> tuple[psutil.Process, ...]:
    """These processes and all their descendants, each once; those that are gone are left out."""
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                found[process.pid] = process
        except _GONE:
            continue
    return tuple(found.values())


def rss_bytes(tree: Iterable[psutil.Process]) -> int | None:
    """Resident bytes of the tree now: the sum over its processes; None when none is left.

    Pages that two processes share count in both.
    """
    sizes: list[int] = []
    for process in tree:
        try:
            sizes.append(process.memory_info().rss)
        except _GONE:
            continue
    return sum(sizes) if sizes else None


def highest_rss_bytes(process: psutil.Process, proc: Path = Path("/proc")) -> int | None:
    """The most that one process ever had resident, from the system's own book-keeping.

    Linux keeps it as `VmHWM`, Windows as the peak working set; None elsewhere. A sampler misses
    peaks between two samples, this does not.

    Source: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    """
    try:
        if sys.platform == "win32":
            return int(getattr(process.memory_info(), "peak_wset"))  # noqa: B009 -- only on Windows
        return _vm_hwm(proc / str(process.pid) / "status")
    except (*_GONE, OSError):
        return None


def _vm_hwm(status: Path) -> int | None:
    for line in status.read_text("ascii", "replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


class PeakMemory:
    """The peak of a process tree since its processes started, as far as it was watched.

    Never more than the true peak: the larger of the largest sampled sum and the largest peak of
    a single process. With one process, which is how a local model runs, it is exact on Linux and
    Windows.
    """

    def __init__(self) -> None:
        self._peak: int | None = None

    @property
    def bytes(self) -> int | None:
        """The peak so far; None when no process could be read."""
        return self._peak

    def sample(self, tree: Iterable[psutil.Process]) -> None:
        """Look at the sum now: cheap, called often."""
        self._raise_to(rss_bytes(tree))

    def settle(self, tree: Iterable[psutil.Process]) -> None:
        """Look at the sum and at every process's own peak: called at the end of a window."""
        self.sample(tree)
        for process in tree:
            self._raise_to(highest_rss_bytes(process))

    def _raise_to(self, size: int | None) -> None:
        if size is not None:
            self._peak = max(size, self._peak or 0)
