"""The rarer counters on fake trees, and which of them go together."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.measure import battery
from sprat.measure.battery import BatteryCounter, Charge, battery_counter, linux_charge, mac_charge
from sprat.measure.counter import Counter, NoCounter, PowerCounter
from sprat.measure.hwmon import HwmonCounter, amd_counter, intel_gpu_counter
from sprat.measure.rails import rail_counter
from sprat.measure.sources import WHOLES, open_counter


def write(root: Path, **files: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name).write_text(text + "\n")
    return root


class Clock:
    def __init__(self) -> None:
        self.at_ns = 0

    def __call__(self) -> int:
        return self.at_ns


# -- hwmon ---------------------------------------------------------------------------------------


def test_amd_energy_adds_sockets_and_not_the_cores_inside_them(tmp_path: Path):
    chip = write(
        tmp_path / "hwmon0", name="amd_energy",
        energy1_label="Ecore000", energy1_input="0",
        energy2_label="Esocket0", energy2_input="1000000",
        energy3_label="Esocket1", energy3_input="0",
    )  # fmt: skip
    counter = amd_counter(tmp_path)
    assert isinstance(counter, HwmonCounter)
    write(chip, energy1_input="9000000", energy2_input="3000000", energy3_input="500000")
    assert counter.read_joules() == pytest.approx(2.5)


def test_an_intel_card_counts_once_whether_it_tells_card_and_chip_or_only_one(tmp_path: Path):
    write(tmp_path / "hwmon0", name="coretemp", temp1_input="40000")
    card = write(tmp_path / "hwmon1", name="xe", energy1_input="0", energy2_input="0")
    old = write(tmp_path / "hwmon2", name="i915", energy1_input="0")
    tile = write(tmp_path / "hwmon3", name="i915_gt0", energy1_input="0")
    counter = intel_gpu_counter(tmp_path)
    assert isinstance(counter, HwmonCounter)
    write(card, energy1_input="5000000", energy2_input="4000000")
    write(old, energy1_input="1000000")
    write(tile, energy1_input="900000")
    assert counter.read_joules() == pytest.approx(6.0)
    assert "2 Intel GPU cards" in counter.source


def test_no_such_chip_is_not_worth_a_word(tmp_path: Path):
    assert amd_counter(tmp_path) == NoCounter("")
    assert intel_gpu_counter(tmp_path) == NoCounter("")
    assert rail_counter(tmp_path) == NoCounter("")


# -- the rail of a board -------------------------------------------------------------------------


def board(root: Path, label: str = "VDD_IN") -> Path:
    return write(
        root / "hwmon1", name="ina3221",
        in1_label=label, in1_input="5000", curr1_input="1000",
        in2_label="VDD_CPU_GPU_CV", in2_input="5000", curr2_input="600",
    )  # fmt: skip


def test_a_board_counts_its_supply_and_not_the_rails_behind_it(tmp_path: Path):
    clock = Clock()
    folder = board(tmp_path)
    counter = rail_counter(tmp_path, clock)
    assert isinstance(counter, PowerCounter)
    clock.at_ns = 2_000_000_000
    assert counter.read_joules() == pytest.approx(10.0)  # 5 V · 1 A for 2 s
    write(folder, curr1_input="3000")
    clock.at_ns = 3_000_000_000
    assert counter.read_joules() == pytest.approx(20.0)  # from 5 W to 15 W within 1 s


def test_a_board_without_a_rail_for_all_is_refused(tmp_path: Path):
    board(tmp_path, label="VDD_GPU_SOC")
    assert "no total" in getattr(rail_counter(tmp_path), "why", "")


@given(st.lists(st.tuples(st.integers(1, 10**10), st.floats(0, 1e4)), min_size=1, max_size=20))
def test_a_power_adds_up_as_numpy_says_and_never_falls(steps: list[tuple[int, float]]):
    clock, watts = Clock(), [7.0]
    counter = PowerCounter("power", 0.1, lambda: watts[-1], clock)
    seconds, last = [0.0], 0.0
    for wait_ns, power in steps:
        clock.at_ns += wait_ns
        watts.append(power)
        now = counter.read_joules()
        assert now >= last
        last = now
        seconds.append(clock.at_ns / 1e9)
    assert last == pytest.approx(float(np.trapezoid(watts, seconds)), rel=1e-6, abs=1e-9)


# -- batteries -----------------------------------------------------------------------------------


def test_a_battery_is_read_in_watt_hours_or_in_ampere_hours_times_volts(tmp_path: Path):
    write(tmp_path / "BAT0", type="Battery", status="Discharging", energy_now="10000000")
    assert linux_charge(tmp_path) == Charge(36_000.0, draining=True)  # 10 Wh
    write(
        tmp_path / "BAT1", type="Battery", status="Full", charge_now="1000000",
        voltage_now="12000000",
    )  # fmt: skip
    assert linux_charge(tmp_path) == Charge(36_000.0 + 43_200.0, draining=True)  # 1 Ah at 12 V


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "no battery"),
        ({"type": "Battery", "scope": "Device", "energy_now": "1"}, "no battery"),
        ({"type": "Battery", "status": "Discharging", "capacity": "50"}, "no battery"),
        ({"type": "Battery", "status": "Charging", "energy_now": "1"}, "on mains"),
        ({"type": "Battery", "status": "Discharging", "energy_now": "x"}, "could not be read"),
    ],
)
def test_a_battery_that_tells_nothing_says_why(tmp_path: Path, fields: dict[str, str], why: str):
    write(tmp_path / "BAT0", **fields)
    found = battery_counter(lambda: linux_charge(tmp_path))
    assert isinstance(found, NoCounter)
    assert why in found.why


def test_what_left_the_battery_counts_until_it_is_plugged_in():
    clock, left = Clock(), [Charge(1000.0, draining=True)]
    counter = battery_counter(lambda: left[-1], clock)
    assert isinstance(counter, BatteryCounter)
    left.append(Charge(400.0, draining=True))
    assert counter.read_joules() == 0.0  # not asked again so soon
    clock.at_ns = int(battery.READ_S * 1e9)
    assert counter.read_joules() == 600.0
    left.append(Charge(450.0, draining=False))
    clock.at_ns *= 2
    with pytest.raises(RuntimeError, match="no longer feeds"):
        counter.read_joules()


def test_a_mac_tells_milliampere_hours_and_millivolts():
    text = """+-o AppleSmartBattery  <class AppleSmartBattery, id 0x1000004a1>
    {
      "ExternalConnected" = No
      "AppleRawCurrentCapacity" = 4000
      "Voltage" = 12500
      "CurrentCapacity" = 80
    }
"""
    assert mac_charge(text) == Charge(180_000.0, draining=True)  # 4 Ah at 12.5 V
    assert mac_charge(text.replace("= No", "= Yes")) == Charge(180_000.0, draining=False)
    assert mac_charge("") is None


def test_windows_tells_milliwatt_hours():
    state = struct.pack("<4?3xB6I", False, True, False, True, 1, 60_000, 50_000, 9000, 0, 0, 0)
    assert len(state) == 32
    assert battery.windows_charge(state) == Charge(180_000.0, draining=True)  # 50 Wh
    none = struct.pack("<4?3xB6I", True, False, False, False, 0, 0, 0, 0, 0, 0, 0)
    assert battery.windows_charge(none) is None


# -- which go together ---------------------------------------------------------------------------


class Fixed:
    refresh_s = 0.001

    def __init__(self, source: str, joules: float) -> None:
        self.source = source
        self.joules = joules

    def read_joules(self) -> float:
        return self.joules

    def close(self) -> None: ...


def opener(found: Counter | NoCounter):
    return lambda: found


def test_parts_are_added_alternatives_and_wholes_are_not():
    never = opener(Fixed("never", 1e9))
    rapl, amd, gpu = (opener(Fixed(*what)) for what in (("rapl", 1), ("amd", 2), ("gpu", 4)))
    missing = opener(NoCounter("none"))
    found = open_counter((((rapl, amd), (missing,), (gpu,)), ((never,),)))
    assert not isinstance(found, NoCounter)
    assert (found.source, found.read_joules()) == ("rapl + gpu", 5)
    found = open_counter((((missing, amd), (missing,)), ((never,),)))
    assert not isinstance(found, NoCounter)
    assert found.source == "amd"


def test_without_any_counter_every_reason_worth_a_word_is_given_once():
    reasons = [opener(NoCounter(why)) for why in ("no RAPL", "", "no battery")]
    found = open_counter((((reasons[0], reasons[1]),), ((reasons[2],),)))
    assert found == NoCounter("no RAPL; no battery")
    assert "no energy counter is known" in getattr(open_counter(()), "why", "")


def test_a_coarse_counter_tells_what_keeps_the_finer_ones_from_being_read():
    locked, battery = opener(NoCounter("only root may read RAPL")), opener(Fixed("battery", 1))
    found = open_counter((((locked,),), ((battery,),)))
    assert not isinstance(found, NoCounter)
    assert found.source == "battery; nothing finer: only root may read RAPL"


def test_a_gpu_alone_says_that_the_processor_is_not_in_it_and_why():
    locked, gpu = opener(NoCounter("only root may read RAPL")), opener(Fixed("gpu", 1))
    found = open_counter((((locked,), (gpu,)),))
    assert not isinstance(found, NoCounter)
    assert found.source == "gpu; without the processor: only root may read RAPL"


def test_every_platform_has_its_counters():
    assert WHOLES.keys() == {"linux", "darwin", "win32"}
