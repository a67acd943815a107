"""Joules from real counters, or the reason why there are none. Definition: docs/metrics.md."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

POWERCAP = Path("/sys/class/powercap")


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


class RaplCounter:
    """Intel's and AMD's own counters: every package, and DRAM where it is counted apart.

    `core` and `uncore` are inside their package and `psys` holds all of it: none is added twice.

    Source: https://docs.kernel.org/power/powercap/powercap.html
    """

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


class NvmlCounter:
    """NVIDIA's own counter of every GPU, in millijoules since the driver was loaded.

    Source: https://docs.nvidia.com/deploy/nvml-api (nvmlDeviceGetTotalEnergyConsumption)
    """

    def __init__(self, nvml: Any) -> None:  # noqa: ANN401 -- an optional module without types
        self._nvml = nvml
        count = int(nvml.nvmlDeviceGetCount())
        self._devices = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]
        self._start = self._millijoules()
        self.source = f"NVML ({count} GPU{'' if count == 1 else 's'}, whole)"

    def _millijoules(self) -> int:
        read = self._nvml.nvmlDeviceGetTotalEnergyConsumption
        return sum(int(read(device)) for device in self._devices)

    def read_joules(self) -> float:
        """Joules since this counter was made."""
        return (self._millijoules() - self._start) / 1e3

    def close(self) -> None:
        """Let the library go."""
        self._nvml.nvmlShutdown()


def nvml_counter(load: Callable[[], Any] | None = None) -> NvmlCounter | NoCounter:
    """The counter of NVIDIA GPUs, or why there is none."""
    try:
        nvml = (load or _load_nvml)()
    except ImportError:
        return NoCounter("no NVML (pip install 'sprat[nvidia]')")
    try:
        nvml.nvmlInit()
        if not nvml.nvmlDeviceGetCount():
            return NoCounter("NVML sees no GPU")
        return NvmlCounter(nvml)
    except nvml.NVMLError as error:
        return NoCounter(f"NVML cannot be read: {error}")


def _load_nvml() -> Any:  # noqa: ANN401 -- an optional module without types
    from importlib import import_module

    return import_module("pynvml")


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


def open_counter() -> Counter | NoCounter:
    """Every energy counter that this machine lets us read, or why there is none."""
    if sys.platform == "darwin":
        from sprat.measure.powermetrics import powermetrics_counter

        return powermetrics_counter()
    tried: list[Counter | NoCounter] = [rapl_counter(), nvml_counter()]
    found = [counter for counter in tried if not isinstance(counter, NoCounter)]
    if not found:
        return NoCounter("; ".join(c.why for c in tried if isinstance(c, NoCounter)))
    return found[0] if len(found) == 1 else SumCounter(found)
