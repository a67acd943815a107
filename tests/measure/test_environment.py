"""The machine on fake trees; and that nothing says who or where."""

import getpass
import json
import platform
import sys
from pathlib import Path

import pytest

from sprat.measure import environment
from sprat.measure.environment import describe_environment


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")


def test_the_processor_is_named_once_and_tidily(tmp_path: Path):
    write(
        tmp_path, "proc/cpuinfo", "processor : 0\nmodel name : Some(R)   CPU @ 2 GHz\nflags : a b"
    )
    assert environment.cpu_model(tmp_path) == "Some(R) CPU @ 2 GHz"
    assert environment.is_virtual(tmp_path) is False
    write(tmp_path, "proc/cpuinfo", "flags : a hypervisor b")
    assert environment.is_virtual(tmp_path) is True


def test_governor_and_frequency_are_over_all_cores(tmp_path: Path):
    for core, (kind, khz) in enumerate([("powersave", 1_000_000), ("performance", 3_000_000)]):
        folder = f"sys/devices/system/cpu/cpu{core}/cpufreq"
        write(tmp_path, f"{folder}/scaling_governor", kind)
        write(tmp_path, f"{folder}/scaling_cur_freq", str(khz))
    assert environment.governor(tmp_path) == "performance, powersave"
    assert environment.frequency_mhz(tmp_path) == 2000.0


def test_what_cannot_be_read_is_none(tmp_path: Path):
    assert environment.governor(tmp_path) is None
    assert environment.frequency_mhz(tmp_path) is None
    assert environment.is_virtual(tmp_path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the tree is Linux's")
@pytest.mark.parametrize(
    ("supplies", "source"),
    [
        ({}, None),
        ({"AC": {"type": "Mains", "online": "1"}}, "mains"),
        (
            {
                "AC": {"type": "Mains", "online": "0"},
                "BAT0": {"type": "Battery", "status": "Discharging"},
            },
            "battery",
        ),
        ({"mouse": {"type": "Battery", "status": "Discharging", "scope": "Device"}}, None),
        ({"BAT0": {"type": "Battery", "status": "Charging"}}, "mains"),
    ],
)
def test_the_power_source_is_told_apart(tmp_path: Path, supplies: dict, source: str | None):
    for name, fields in supplies.items():
        for field, value in fields.items():
            write(tmp_path, f"sys/class/power_supply/{name}/{field}", value)
    assert environment.power_source(tmp_path) == source


def test_this_machine_is_described_as_json_without_naming_it():
    described = describe_environment()
    text = json.dumps(described)
    assert described["python"] == platform.python_version()
    assert described["memory_bytes"] > 0
    assert described["packages"]["aiohttp"]
    assert "CPUExecutionProvider" in described["providers"]
    for private in (platform.node(), str(Path.home()), getpass.getuser()):
        if len(private) > 4:  # "root" or "dev" may be a part of any word
            assert private not in text


def test_packages_that_are_not_there_are_left_out():
    assert environment.versions(["aiohttp", "no-such-package-at-all"]).keys() == {"aiohttp"}
