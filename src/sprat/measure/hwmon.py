"""Energy that Linux drivers count in `hwmon`: older AMD processors, Intel's GPU cards."""

from collections.abc import Sequence
from pathlib import Path

from sprat.measure.counter import NoCounter

HWMON = Path("/sys/class/hwmon")


class HwmonCounter:
    """Counters of microjoules that the driver keeps in 64 bits: they do not wrap.

    Source: https://docs.kernel.org/hwmon/sysfs-interface.html (`energy[1-*]_input`)
    """

    refresh_s = 0.1
    """On the safe side: the drivers read the registers when asked, which step every few ms."""

    def __init__(self, what: str, files: Sequence[Path]) -> None:
        self._files = tuple(files)
        self._start_uj = self._microjoules()
        self.source = f"hwmon ({what}; whole)"

    def _microjoules(self) -> int:
        return sum(int(file.read_text("ascii")) for file in self._files)

    def read_joules(self) -> float:
        """Joules since this counter was made."""
        return (self._microjoules() - self._start_uj) / 1e6

    def close(self) -> None:
        """Nothing runs."""


def amd_counter(root: Path = HWMON) -> HwmonCounter | NoCounter:
    """Sockets as counted by `amd_energy`, for kernels that do not offer AMD's by RAPL.

    Its cores are inside their socket: they are not added.

    Source: https://docs.kernel.org/5.12/hwmon/amd_energy.html
    """
    files = [
        label.with_name(label.name.replace("_label", "_input"))
        for chip in chips(root, {"amd_energy"})
        for label in sorted(chip.glob("energy*_label"))
        if label.read_text("ascii").startswith("Esocket")
    ]
    return _opened("amd_energy, sockets", files, "")


def intel_gpu_counter(root: Path = HWMON) -> HwmonCounter | NoCounter:
    """Intel's GPU cards; a GPU inside the processor is in its package and has no such file.

    `xe` counts the card (1) and, inside it, the chip (2): the card counts where it is there.

    Source: Linux, Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon and -xe-hwmon
    """
    files = [
        file
        for chip in chips(root, {"i915", "xe"})
        for file in sorted(chip.glob("energy[12]_input"))[:1]
    ]
    return _opened(f"{len(files)} Intel GPU card{'' if len(files) == 1 else 's'}", files, "")


def chips(root: Path, names: set[str]) -> list[Path]:
    """Folders of the chips that call themselves one of `names`."""
    found: list[Path] = []
    for folder in sorted(root.glob("hwmon*")):
        try:
            name = (folder / "name").read_text("ascii", "replace").strip()
        except OSError:
            continue
        if name in names:
            found.append(folder)
    return found


def _opened(what: str, files: Sequence[Path], missing: str) -> HwmonCounter | NoCounter:
    if not files:
        return NoCounter(missing)
    try:
        return HwmonCounter(what, files)
    except PermissionError:
        return NoCounter(f"{what} is there, but only root may read {files[0]}")
    except (OSError, ValueError) as error:
        return NoCounter(f"{what} could not be read: {error}")
