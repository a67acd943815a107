"""Energy on Linux: the processor's own counters."""

from collections.abc import Sequence
from pathlib import Path

from sprat.measure.counter import NoCounter

POWERCAP = Path("/sys/class/powercap")


class RaplCounter:
    """Intel's and AMD's own counters: every package, and DRAM where it is counted apart.

    `core` and `uncore` are inside their package and `psys` holds all of it: none is added twice.

    Source: https://docs.kernel.org/power/powercap/powercap.html
    """

    refresh_s = 0.001
    """Source: Intel SDM, volume 3, "RAPL interfaces": updated about every millisecond."""

    def __init__(self, zones: Sequence[Path]) -> None:
        self._zones = [_Zone(zone) for zone in zones]
        names = sorted({zone.name for zone in self._zones})
        self.source = f"RAPL ({', '.join(names)}; the whole machine)"

    def read_joules(self) -> float:
        """Joules since this counter was made, over all zones."""
        return sum(zone.read_joules() for zone in self._zones)

    def close(self) -> None:
        """Nothing runs."""


class _Zone:
    """One counter of microjoules that starts again at zero when it is full."""

    def __init__(self, folder: Path) -> None:
        self.name = _text(folder / "name")
        self._file = folder / "energy_uj"
        self._range = int(_text(folder / "max_energy_range_uj"))
        self._last = int(_text(self._file))
        self._total_uj = 0

    def read_joules(self) -> float:
        now = int(_text(self._file))
        step = now - self._last
        if step < 0:  # wrapped: the counter holds 0..range inclusive
            step += self._range + 1
        self._total_uj += step
        self._last = now
        return self._total_uj / 1e6


def rapl_counter(root: Path = POWERCAP) -> RaplCounter | NoCounter:
    """The RAPL counter of this machine, or why there is none."""
    zones = [zone for zone in sorted(root.glob("*-rapl:*")) if _is_counted(zone)]
    if not zones:
        return NoCounter("no RAPL counter (not Linux on Intel or AMD, or a virtual machine)")
    try:
        return RaplCounter(zones)
    except PermissionError:
        return NoCounter(f"RAPL is there, but only root may read {zones[0] / 'energy_uj'}")
    except (OSError, ValueError) as error:
        return NoCounter(f"RAPL could not be read: {error}")


def _is_counted(zone: Path) -> bool:
    """Packages (`intel-rapl:0`) and DRAM (`intel-rapl:0:2`); the MMIO twin counts the same."""
    if zone.name.startswith("intel-rapl-mmio") or not (zone / "energy_uj").exists():
        return False
    name = _text(zone / "name")
    return name.startswith("package") or name == "dram"


def _text(file: Path) -> str:
    return file.read_text("ascii").strip()
