"""What Linux tells about its own state: heat, frequency, waiting for memory, a quota.

Elsewhere nothing tells these without special rights: None there.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from sprat.measure.hwmon import chips

CPU = "sys/devices/system/cpu/cpu[0-9]*"
CHIPS = {"coretemp", "k10temp", "zenpower", "cpu_thermal"}
ZONES = re.compile(r"x86_pkg_temp|(cpu|soc).*")
PAGE_BYTES = 4096
"""What `/proc/vmstat` counts in where Sprat runs; a larger page only makes the count too low."""


class Sensors:
    """The files of one machine, found once and read again and again."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._frequencies = sorted(root.glob(f"{CPU}/cpufreq/scaling_cur_freq"))
        self._temperatures = _thermometers(root)
        self._throttles = {
            what: sorted(root.glob(f"{CPU}/thermal_throttle/{what}_throttle_count"))
            for what in ("core", "package")
        }

    def frequency_mhz(self) -> float | None:
        """Of the fastest core: the one that computes, for idle ones are slowed."""
        found = _numbers(self._frequencies)
        return max(found) / 1000 if found else None

    def temperature_c(self) -> float | None:
        """Of the hottest sensor inside the processor."""
        found = _numbers(self._temperatures)
        return max(found) / 1000 if found else None

    def throttles(self) -> int | None:
        """How often the processor was slowed for heat since the start of the machine.

        Source: https://docs.kernel.org/admin-guide/abi-testing.html (`thermal_throttle`)
        """
        cores, packages = (_numbers(self._throttles[what]) for what in ("core", "package"))
        # Every core repeats what its package counts, so the largest is the package's own.
        return sum(cores) + max(packages, default=0) if cores or packages else None

    def stalled_s(self) -> float | None:
        """Seconds so far in which all that wanted to compute waited for memory.

        Source: https://docs.kernel.org/accounting/psi.html (`full`)
        """
        found = re.search(r"^full .*total=(\d+)", self._text("proc/pressure/memory"), re.MULTILINE)
        return int(found[1]) / 1e6 if found else None

    def swapped_bytes(self) -> int | None:
        """Bytes read back from swap so far."""
        found = re.search(r"^pswpin (\d+)", self._text("proc/vmstat"), re.MULTILINE)
        return int(found[1]) * PAGE_BYTES if found else None

    def quota_periods(self) -> tuple[int, int] | None:
        """Periods so far of a processor quota, and those in which it held this group back.

        Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (`cpu.stat`)
        """
        text = self._text("sys/fs/cgroup/cpu.stat")
        found = dict(re.findall(r"^(nr_\w+) (\d+)$", text, re.MULTILINE))
        if not int(found.get("nr_periods", 0)):
            return None
        return int(found["nr_periods"]), int(found.get("nr_throttled", 0))

    def _text(self, path: str) -> str:
        try:
            return (self._root / path).read_text("ascii", "replace")
        except OSError:
            return ""


def _thermometers(root: Path) -> list[Path]:
    """The processor's own sensors; else the thermal zones that are named after it."""
    folders = chips(root / "sys/class/hwmon", CHIPS)
    found = [file for folder in folders for file in sorted(folder.glob("temp*_input"))]
    zones = sorted(root.glob("sys/class/thermal/thermal_zone*/type"))
    return found or [zone.with_name("temp") for zone in zones if _names_processor(zone)]


def _names_processor(zone: Path) -> bool:
    try:
        return bool(ZONES.fullmatch(zone.read_text("ascii", "replace").strip()))
    except OSError:
        return False


def _numbers(files: Iterable[Path]) -> list[int]:
    found: list[int] = []
    for file in files:
        try:
            found.append(int(file.read_text("ascii")))
        except (OSError, ValueError):
            continue
    return found
