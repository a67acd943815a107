"""Energy of small ARM boards: the sensor on their supply rail (INA3221, as on NVIDIA Jetson)."""

from pathlib import Path

from sprat.measure.clock import Clock, now_ns
from sprat.measure.counter import NoCounter, PowerCounter
from sprat.measure.hwmon import HWMON, chips

TOTAL = "VDD_IN"
"""The rail that feeds all others; those are inside it and not added.

Source: NVIDIA Jetson Linux Developer Guide, "Jetson Orin NX and Nano Series", INA3221 channels
"""
REFRESH_S = 0.1
"""The sensor is far quicker; this is how often a running window reads it."""


def rail_counter(root: Path = HWMON, clock: Clock = now_ns) -> PowerCounter | NoCounter:
    """Volts times amperes of the board's own supply, added up; or why not.

    Source: https://docs.kernel.org/hwmon/ina3221.html (`in*_input` mV, `curr*_input` mA)
    """
    boards = chips(root, {"ina3221"})
    if not boards:
        return NoCounter("")
    rails = [_total_rail(board) for board in boards]
    found = next((rail for rail in rails if rail is not None), None)
    if found is None:
        return NoCounter(f"the board's rails have no total ({TOTAL})")
    volts, amperes = found
    try:
        return PowerCounter(
            f"INA3221 ({TOTAL}; the whole board)",
            REFRESH_S,
            lambda: _milli(volts) * _milli(amperes),
            clock,
        )
    except (OSError, ValueError) as error:
        return NoCounter(f"the board's supply rail could not be read: {error}")


def _total_rail(board: Path) -> tuple[Path, Path] | None:
    for label in sorted(board.glob("in*_label")):
        if label.read_text("ascii", "replace").strip() == TOTAL:
            number = label.name.removeprefix("in").removesuffix("_label")
            return board / f"in{number}_input", board / f"curr{number}_input"
    return None


def _milli(file: Path) -> float:
    return int(file.read_text("ascii")) / 1e3
