"""Energy out of a battery: coarse, of the whole machine, and only while it drains."""

import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from sprat.measure.clock import Clock, now_ns
from sprat.measure.counter import NoCounter

REFRESH_S = 60.0
"""Fuel gauges are asked every few seconds to a minute, and step by about 10 mWh (36 J)."""
READ_S = 5.0
"""Between two looks: asking a battery may take the machine tens of milliseconds."""
SUPPLIES = Path("/sys/class/power_supply")


class Charge(msgspec.Struct, frozen=True):
    """What is left."""

    joules: float
    draining: bool


class BatteryCounter:
    """What left the battery since this counter was made.

    Raises:
        RuntimeError: on reading, when it is no longer the battery that feeds the machine.
    """

    refresh_s = REFRESH_S

    def __init__(self, read: Callable[[], Charge], clock: Clock = now_ns) -> None:
        self._read = read
        self._clock = clock
        self._start = self._left = read()
        self._read_ns = clock()
        self.source = f"battery (the whole machine; steps of up to {REFRESH_S:.0f} s)"

    def read_joules(self) -> float:
        """Joules so far."""
        now_ns = self._clock()
        if (now_ns - self._read_ns) / 1e9 >= READ_S:
            self._left, self._read_ns = self._read(), now_ns
            if not self._left.draining:
                raise RuntimeError("it no longer feeds the machine")
        return self._start.joules - self._left.joules

    def close(self) -> None:
        """Nothing runs."""


def battery_counter(
    read: Callable[[], Charge | None] | None = None, clock: Clock = now_ns
) -> BatteryCounter | NoCounter:
    """The counter of this machine's battery, or why there is none."""
    look = read or READERS.get(sys.platform, lambda: None)
    try:
        charge = look()
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        return NoCounter(f"the battery could not be read: {error}")
    if charge is None:
        return NoCounter("no battery")
    if not charge.draining:
        return NoCounter("the battery tells nothing on mains")
    return BatteryCounter(lambda: _certain(look()), clock)


def _certain(charge: Charge | None) -> Charge:
    if charge is None:
        raise RuntimeError("it is gone")
    return charge


def linux_charge(root: Path = SUPPLIES) -> Charge | None:
    """All batteries that power the system; None without one that tells its energy.

    `energy_now` is microwatt-hours; else `charge_now` (microampere-hours) times `voltage_now`.

    Source: https://docs.kernel.org/power/power_supply_class.html
    """
    own = [folder for folder in sorted(root.glob("*")) if _is_own(folder)]
    left = [joules for folder in own if (joules := _joules(folder)) is not None]
    if not own or len(left) != len(own):
        return None
    states = {_text(folder / "status") for folder in own}
    return Charge(sum(left), draining="Discharging" in states and "Charging" not in states)


def _is_own(folder: Path) -> bool:
    # A mouse has a battery too.
    return _text(folder / "type") == "Battery" and _text(folder / "scope") != "Device"


def _joules(folder: Path) -> float | None:
    if energy_uwh := _text(folder / "energy_now"):
        return int(energy_uwh) * 3600 / 1e6
    charge_uah, voltage_uv = _text(folder / "charge_now"), _text(folder / "voltage_now")
    return int(charge_uah) * int(voltage_uv) * 3600 / 1e12 if charge_uah and voltage_uv else None


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return ""


def mac_charge(text: str) -> Charge | None:
    """What `ioreg -rn AppleSmartBattery` prints: milliampere-hours and millivolts.

    Source: Apple, IOKit, AppleSmartBattery (`AppleRawCurrentCapacity`, `Voltage`)
    """
    found = dict(re.findall(r'^\s*"(\w+)" = (\w+)$', text, re.MULTILINE))
    charge_mah = found.get("AppleRawCurrentCapacity")
    if charge_mah is None:
        return None
    joules = int(charge_mah) * int(found["Voltage"]) * 3600 / 1e6
    return Charge(joules, draining=found["ExternalConnected"] == "No")


def windows_charge(state: bytes) -> Charge | None:
    """A `SYSTEM_BATTERY_STATE`: four flags, the milliwatt-hours left at byte 12.

    Source: https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-system_battery_state
    """
    _, present, _, discharging = struct.unpack_from("<4?", state)
    left_mwh: int = struct.unpack_from("<I", state, 12)[0]
    unknown = left_mwh in {0, 0xFFFFFFFF}
    return Charge(left_mwh * 3.6, draining=discharging) if present and not unknown else None


def _ask_mac() -> Charge | None:
    command = ("/usr/sbin/ioreg", "-rn", "AppleSmartBattery")
    return mac_charge(
        subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout
    )


def _ask_windows() -> Charge | None:
    if sys.platform != "win32":
        return None
    import ctypes

    state = ctypes.create_string_buffer(32)
    ask = ctypes.WinDLL("powrprof").CallNtPowerInformation
    return windows_charge(state.raw) if ask(5, None, 0, state, len(state)) == 0 else None


READERS: dict[str, Callable[[], Charge | None]] = {
    "linux": linux_charge,
    "darwin": _ask_mac,
    "win32": _ask_windows,
}
