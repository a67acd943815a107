"""The machine that a number was read on: enough to judge it, nothing that names who or where."""

import os
import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sprat.measure.sensors import Sensors

PACKAGES = (
    "sprat", "onnxruntime", "onnxruntime-genai", "foundry-local-sdk", "numpy", "aiohttp",
)  # fmt: skip


def describe_environment(
    packages: Iterable[str] = PACKAGES, *, providers: bool = True, root: Path = Path("/")
) -> dict[str, Any]:
    """What is worth knowing, as plain JSON; None is "not readable here".

    No host name, no user name, no address, no path. `providers` loads onnxruntime, if installed.
    """
    import psutil

    return {
        "cpu": cpu_model(root),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "usable_cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "available_memory_bytes": psutil.virtual_memory().available,
        "os": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "packages": versions(packages),
        "providers": execution_providers() if providers else None,
        "governor": governor(root),
        "frequency_mhz": frequency_mhz(root),
        "frequency_limit_mhz": frequency_limit_mhz(root),
        "temperature_c": Sensors(root).temperature_c(),
        "load_average_1min": load_average(),
        "power": power_source(root),
        "virtual_machine": is_virtual(root),
    }


def cpu_model(root: Path = Path("/")) -> str | None:
    """The processor's own name."""
    with suppress(OSError):
        for line in (root / "proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in {"model name", "Model"} and value.strip():
                return " ".join(value.split())
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string")
    return platform.processor() or None


def usable_cores() -> int | None:
    """Logical processors that this process may run on: a container may be given fewer."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The installed version of each; those that are not installed are left out."""
    found: dict[str, str] = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def execution_providers() -> list[str] | None:
    """What the installed onnxruntime can compute with; None without onnxruntime."""
    try:
        runtime = import_module("onnxruntime")
    except ImportError:
        return None
    return [str(name) for name in runtime.get_available_providers()]


def governor(root: Path = Path("/")) -> str | None:
    """Linux's frequency governor, or all of them when the cores differ."""
    pattern = "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor"
    found = {text for file in root.glob(pattern) if (text := _read(file))}
    return ", ".join(sorted(found)) or None


def frequency_mhz(root: Path = Path("/")) -> float | None:
    """The mean frequency of the cores now."""
    pattern = "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq"
    found = [int(text) for file in root.glob(pattern) if (text := _read(file)) and text.isdigit()]
    return round(sum(found) / len(found) / 1000, 1) if found else None


def frequency_limit_mhz(root: Path = Path("/")) -> float | None:
    """The highest frequency that the cores may run at now: a power setting may lower it."""
    pattern = "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_max_freq"
    found = [int(text) for file in root.glob(pattern) if (text := _read(file)) and text.isdigit()]
    return round(max(found) / 1000, 1) if found else None


def load_average() -> float | None:
    """Runnable processes over the last minute; None on Windows."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def power_source(root: Path = Path("/")) -> str | None:
    """`mains` or `battery`; None when the machine does not say (most desktops and servers)."""
    import psutil

    if sys.platform == "linux":
        return _linux_power(root / "sys/class/power_supply")
    try:
        battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    except (OSError, NotImplementedError, RuntimeError):  # virtual machines of macOS, for one
        return None
    if battery is None or battery.power_plugged is None:
        return None
    return "mains" if battery.power_plugged else "battery"


def _linux_power(folder: Path) -> str | None:
    supplies = [(_read(s / "type"), s) for s in sorted(folder.glob("*"))]
    mains = [_read(s / "online") for kind, s in supplies if kind in {"Mains", "USB"}]
    if "1" in mains:
        return "mains"
    # A mouse has a battery too: only one that powers the system counts.
    own = [s for kind, s in supplies if kind == "Battery" and _read(s / "scope") != "Device"]
    if not own:
        return "mains" if mains else None
    return "battery" if any(_read(s / "status") == "Discharging" for s in own) else "mains"


def is_virtual(root: Path = Path("/")) -> bool | None:
    """Whether a hypervisor is underneath: its neighbours are in every timing. None: not known."""
    text = _read(root / "proc/cpuinfo")
    if text is None:
        return None
    flags = next((line for line in text.splitlines() if line.startswith("flags")), None)
    return None if flags is None else "hypervisor" in flags.split()


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return None


def _sysctl(name: str) -> str | None:
    import subprocess

    command = ("/usr/sbin/sysctl", "-n", name)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
