"""Energy on macOS, where only root may ask: never a password prompt."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable

from sprat.measure.counter import NoCounter

_ELAPSED = re.compile(r"\(([\d.]+)ms elapsed\)")
_COMBINED = re.compile(r"^Combined Power .*: (\d+) mW")
_PART = re.compile(r"^(?:CPU|GPU|ANE) Power: (\d+) mW")
_INTEL = re.compile(r"^Intel energy model derived package power .*: ([\d.]+)W")
_ARGUMENTS = ("powermetrics", "--samplers", "cpu_power", "-i", "200")

FIRST_S = 5.0
"""How long its first sample may take: it needs a second to start."""


def joules_of(lines: Iterable[str]) -> Iterable[float]:
    """Joules of each sample in the text of `powermetrics`: its power times its length.

    Apple silicon prints CPU, GPU and neural engine apart and, in most versions, combined: the sum
    of the parts counts where there is no combined line. Intel prints its package (processor and
    built-in GPU). A sample is complete when the next one begins.

    Source: `man powermetrics` (sampler `cpu_power`)
    """
    length_s, sample = 0.0, _Sample()
    for line in lines:
        if elapsed := _ELAPSED.search(line):
            if (watts := sample.watts) is not None:
                yield watts * length_s
            length_s, sample = float(elapsed[1]) / 1e3, _Sample()
        sample.take(line)
    if (watts := sample.watts) is not None:
        yield watts * length_s


class _Sample:
    """The power lines of one sample."""

    def __init__(self) -> None:
        self._whole: float | None = None
        self._parts: list[float] = []

    def take(self, line: str) -> None:
        if combined := _COMBINED.match(line):
            self._whole = int(combined[1]) / 1e3
        elif part := _PART.match(line):
            self._parts.append(int(part[1]) / 1e3)
        elif package := _INTEL.match(line):
            self._whole = float(package[1])

    @property
    def watts(self) -> float | None:
        return self._whole if self._whole is not None else sum(self._parts) or None


class PowermetricsCounter:
    """Adds up what a running `powermetrics` prints; its last sample may be two of 200 ms old."""

    refresh_s = 0.4
    source = "powermetrics (CPU, GPU and neural engine; the whole machine)"

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._joules = 0.0
        self._counts = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="powermetrics", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        for joules in joules_of(self._process.stdout or ()):
            self._joules += joules
            self._counts.set()

    def begins(self, within_s: float) -> bool:
        """Wait for the first sample; whether it came."""
        return self._counts.wait(within_s)

    def read_joules(self) -> float:
        """Joules since this counter was made."""
        return self._joules

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(5)
        self._thread.join(5)
        if self._process.stdout:
            self._process.stdout.close()


def powermetrics_counter() -> PowermetricsCounter | NoCounter:
    """The counter of macOS, or why there is none."""
    if sys.platform == "win32" or not shutil.which("powermetrics"):
        return NoCounter("no powermetrics (not macOS)")
    if os.geteuid() == 0:
        return _counting(_ARGUMENTS)
    sudo = ("sudo", "--non-interactive")
    allowed = subprocess.run((*sudo, "--list", "powermetrics"), capture_output=True, check=False)
    if allowed.returncode != 0:
        return NoCounter("powermetrics is there, but only root may run it")
    return _counting((*sudo, *_ARGUMENTS))


def _counting(arguments: tuple[str, ...]) -> PowermetricsCounter | NoCounter:
    """One that counts already: what is read before its first sample would be no joules at all."""
    counter = PowermetricsCounter(_start(arguments))
    if counter.begins(FIRST_S):
        return counter
    counter.close()
    return NoCounter(f"powermetrics told no power within {FIRST_S:g} s")


def _start(arguments: tuple[str, ...]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    )
