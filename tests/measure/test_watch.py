"""The watch on fake trees, where what spoils the times is written by hand."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.measure.drift import Readings, reasons
from sprat.measure.environment import describe_environment
from sprat.measure.sensors import Sensors
from sprat.measure.watch import Watch

linux = pytest.mark.skipif(sys.platform != "linux", reason="the tree is Linux's")


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")


def machine(root: Path, **changes: str) -> None:
    """A machine of two cores at 3 GHz and 50 °C, with what changes laid over it."""
    cpu = "sys/devices/system/cpu"
    files = {
        "stat": ("proc/stat", "cpu 0 0 0 0 0 0 0 0 0 0"),
        "idle core": (f"{cpu}/cpu0/cpufreq/scaling_cur_freq", "800000"),
        "core": (f"{cpu}/cpu1/cpufreq/scaling_cur_freq", "3000000"),
        "limit": (f"{cpu}/cpu1/cpufreq/scaling_max_freq", "3500000"),
        "chip": ("sys/class/hwmon/hwmon3/name", "coretemp"),
        "heat": ("sys/class/hwmon/hwmon3/temp1_input", "50000"),
        "throttle": (f"{cpu}/cpu0/thermal_throttle/core_throttle_count", "4"),
        "again": (f"{cpu}/cpu1/thermal_throttle/core_throttle_count", "5"),
        "package": (f"{cpu}/cpu0/thermal_throttle/package_throttle_count", "7"),
        "memory": ("proc/pressure/memory", "some avg10=0 total=9\nfull avg10=0 total=0"),
        "swap": ("proc/vmstat", "pgpgin 5\npswpin 0\npswpout 3"),
        "quota": ("sys/fs/cgroup/cpu.stat", "usage_usec 9\nnr_periods 0\nnr_throttled 0"),
        "supply": ("sys/class/power_supply/AC/type", "Mains"),
        "plug": ("sys/class/power_supply/AC/online", "1"),
        "pack": ("sys/class/power_supply/BAT/type", "Battery"),
        "state": ("sys/class/power_supply/BAT/status", "Full"),
    }
    for name in changes or files:
        write(root, files[name][0], changes.get(name, files[name][1]))


class Clock:
    at_ns = 0

    def __call__(self) -> int:
        return self.at_ns


@linux
def test_a_quiet_stretch_has_readings_and_no_reason_for_doubt(tmp_path: Path):
    machine(tmp_path)
    clock = Clock()
    with Watch(root=tmp_path, every_s=60, clock=clock) as watch:
        assert watch.readings is None
        assert watch.drift() == ()
        clock.at_ns = 10_000_000_000
        machine(tmp_path, stat="cpu 0 0 0 2000 0 0 0 0 0 0")  # two cores idle for 10 s
    seen = watch.readings
    assert seen is not None
    assert seen.seconds == 10.0
    assert seen.frequency_end_mhz == 3000.0  # the core that computes, not the one that rests
    assert (seen.temperature_start_c, seen.temperature_highest_c) == (50.0, 50.0)
    assert (seen.throttles, seen.stalled_share, seen.swapped_bytes) == (0, 0.0, 0)
    assert (seen.steal_share, seen.others_share, seen.quota_share) == (0.0, 0.0, None)
    assert seen.power == ("mains",)
    assert watch.drift() == ()


@linux
def test_everything_that_spoils_times_is_told(tmp_path: Path):
    machine(tmp_path)
    clock = Clock()
    with Watch(root=tmp_path, every_s=60, clock=clock) as watch:
        clock.at_ns = 10_000_000_000
        machine(
            tmp_path, stat="cpu 740 0 0 1100 0 0 0 160 0 0", core="2200000", heat="97000",
            throttle="16", again="5", package="7", swap="pswpin 30000", plug="0",
            memory="some total=9\nfull avg10=3 total=300000",
            quota="nr_periods 100\nnr_throttled 12", state="Discharging",
        )  # fmt: skip
        for _ in range(3):
            watch.look()
    # 20 s of two processors: 7.4 busy, less the moment that this test itself computed; 1.6 stolen.
    assert watch.readings is not None
    assert watch.readings.others_share == pytest.approx(0.37, abs=0.05)
    said = list(watch.drift())
    assert said.pop(0).startswith("other programs used 3")
    assert said == [
        "the host gave 8% of the processors to other machines (steal)",
        "the frequency fell from 3.0 to 2.2 GHz",
        "the processor was slowed for heat 12 times, at up to 97 °C",
        "everything waited for memory 3% of the time",
        "123 MB were read back from swap",
        "power changed from mains to battery",
    ]
    assert json.loads(json.dumps(watch.as_json()))["drift"] == list(watch.drift())


@linux
def test_a_core_that_was_slowed_less_often_than_another_ever_was_is_seen(tmp_path: Path):
    machine(tmp_path, throttle="4", again="900")
    with Watch(root=tmp_path, every_s=60) as watch:
        machine(tmp_path, throttle="6")
    assert watch.readings is not None
    assert watch.readings.throttles == 2


@linux
def test_a_quota_counts_from_where_the_stretch_began(tmp_path: Path):
    machine(tmp_path)
    machine(tmp_path, quota="nr_periods 1000\nnr_throttled 900")
    with Watch(root=tmp_path, every_s=60) as watch:
        machine(tmp_path, quota="nr_periods 1100\nnr_throttled 912")
    assert watch.readings is not None
    assert watch.readings.quota_share == 0.12
    assert "held this container back in 12% of its periods" in "; ".join(watch.drift())


def test_on_battery_all_along_is_a_reason_too():
    assert reasons(Readings(seconds=1.0, power=("battery",))) == ("it ran on battery",)


def test_a_machine_that_tells_nothing_gives_no_reason(tmp_path: Path):
    assert reasons(Readings(seconds=1.0)) == ()
    sensors = Sensors(tmp_path)
    assert sensors.temperature_c() is None
    assert sensors.frequency_mhz() is None
    assert sensors.throttles() is None
    assert sensors.stalled_s() is None
    assert sensors.swapped_bytes() is None
    assert sensors.quota_periods() is None


def test_a_thermal_zone_stands_in_where_no_chip_tells(tmp_path: Path):
    zone = "sys/class/thermal/thermal_zone"
    for n, (kind, millidegrees) in enumerate((("acpitz", "99000"), ("cpu-thermal", "61000"))):
        write(tmp_path, f"{zone}{n}/type", kind)
        write(tmp_path, f"{zone}{n}/temp", millidegrees)
    assert Sensors(tmp_path).temperature_c() == 61.0
    write(tmp_path, "sys/class/hwmon/hwmon0/name", "k10temp")
    write(tmp_path, "sys/class/hwmon/hwmon0/temp1_input", "70500")
    assert Sensors(tmp_path).temperature_c() == 70.5


@linux
def test_the_environment_tells_heat_and_the_frequency_limit(tmp_path: Path):
    machine(tmp_path)
    told = describe_environment((), providers=False, root=tmp_path)
    assert told["temperature_c"] == 50.0
    assert told["frequency_limit_mhz"] == 3500.0


def test_what_another_program_computes_is_others_and_what_a_child_computes_is_not():
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    with Watch(every_s=60) as own:
        subprocess.run([sys.executable, "-c", burn], check=True)
    assert own.readings is not None
    machine_s = (os.cpu_count() or 1) * own.readings.seconds
    assert (own.readings.own_share or 0) * machine_s > 0.4
    if sys.platform == "linux":  # a process that left our tree is somebody else's
        away = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}])"
        with Watch(every_s=60) as other:
            subprocess.run([sys.executable, "-c", away], check=True)
            time.sleep(1.5)
        assert other.readings is not None
        machine_s = (os.cpu_count() or 1) * other.readings.seconds
        assert (other.readings.others_share or 0) * machine_s > 0.3
    with Watch(others=False, every_s=60) as blind:
        pass
    assert blind.readings is not None
    assert blind.readings.others_share is None


def test_it_looks_by_itself_and_stops(tmp_path: Path):
    (tmp_path / "proc").mkdir()
    write(tmp_path, "proc/stat", "cpu 0 0 0 0 0 0 0 0 0 0")
    write(tmp_path, "sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "40000")
    watch = Watch(root=tmp_path, every_s=0.005)
    with watch:
        write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "80000")
        deadline = time.monotonic() + 20
        while len(watch._temperatures) < 5 and time.monotonic() < deadline:
            time.sleep(0.005)
        write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "45000")
    assert watch.readings is not None
    assert watch.readings.temperature_highest_c == 80.0
    assert not watch._thread.is_alive()


@given(
    st.builds(
        Readings,
        seconds=st.floats(0, 1e5),
        others_share=st.none() | st.floats(0, 1),
        steal_share=st.none() | st.floats(0, 1),
        throttles=st.none() | st.integers(0, 10**6),
        frequency_start_mhz=st.none() | st.floats(1, 6000),
        frequency_end_mhz=st.none() | st.floats(1, 6000),
    )
)
def test_a_machine_that_is_busier_or_hotter_never_has_fewer_reasons(seen: Readings):
    from msgspec.structs import replace

    worse = replace(
        seen,
        others_share=1.0,
        steal_share=1.0,
        throttles=(seen.throttles or 0) + 1,
        frequency_end_mhz=0.5,
    )
    assert len(reasons(worse)) >= len(reasons(seen))
