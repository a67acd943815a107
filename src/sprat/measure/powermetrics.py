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
_POWER = re.compile(r"^Combined Power .*: (\d+) mW")
_ARGUMENTS = ("powermetrics", "--samplers", "cpu_power", "-i", "200")


def joules_of(lines: Iterable[str]) -> Iterable[float]:
    """Joules of each sample in the text of `powermetrics`: its milliwatts times its length.

    Source: `man powermetrics` (sampler `cpu_power`: CPU, GPU and neural engine combined)
    """
    length_s = 0.0
    for line in lines:
        if elapsed := _ELAPSED.search(line):
            length_s = float(elapsed[1]) / 1e3
        elif power := _POWER.match(line):
            yield int(power[1]) / 1e3 * length_s


class PowermetricsCounter:
    """Adds up what a running `powermetrics` prints; its last sample may be 200 ms old."""

    source = "powermetrics (CPU, GPU and neural engine; the whole machine)"

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._joules = 0.0
        self._thread = threading.Thread(target=self._follow, name="powermetrics", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        for joules in joules_of(self._process.stdout or ()):
            self._joules += joules

    def read_joules(self) -> float:
        """Joules since this counter was made."""
        return self._joules

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(5)
        self._thread.join(5)


def powermetrics_counter() -> PowermetricsCounter | NoCounter:
    """The counter of macOS, or why there is none."""
    if sys.platform == "win32" or not shutil.which("powermetrics"):
        return NoCounter("no powermetrics (not macOS)")
    if os.geteuid() == 0:
        return PowermetricsCounter(_start(_ARGUMENTS))
    sudo = ("sudo", "--non-interactive")
    allowed = subprocess.run((*sudo, "--list", "powermetrics"), capture_output=True, check=False)
    if allowed.returncode != 0:
        return NoCounter("powermetrics is there, but only root may run it")
    return PowermetricsCounter(_start((*sudo, *_ARGUMENTS)))


def _start(arguments: tuple[str, ...]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    )
