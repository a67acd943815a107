"""Counters on fake trees, with joules worked out by hand."""

import sys
from pathlib import Path

import pytest

from sprat.measure.counter import NoCounter, SumCounter
from sprat.measure.meter import Energy
from sprat.measure.nvml import NvmlCounter, nvml_counter
from sprat.measure.powermetrics import joules_of, powermetrics_counter
from sprat.measure.rapl import RaplCounter, rapl_counter


def zone(root: Path, folder: str, name: str, uj: int, full: int = 262_143_328_850) -> Path:
    made = root / folder
    made.mkdir()
    (made / "name").write_text(name + "\n")
    (made / "max_energy_range_uj").write_text(f"{full}\n")
    (made / "energy_uj").write_text(f"{uj}\n")
    return made / "energy_uj"


def counter(root: Path) -> RaplCounter:
    found = rapl_counter(root)
    assert isinstance(found, RaplCounter)
    return found


def test_rapl_counts_from_where_it_was_opened(tmp_path: Path):
    file = zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    opened = counter(tmp_path)
    file.write_text("7500000")
    assert opened.read_joules() == pytest.approx(2.5)
    file.write_text("8000000")
    assert opened.read_joules() == pytest.approx(3.0)


def test_rapl_goes_on_when_its_counter_starts_again_at_zero(tmp_path: Path):
    # The counter holds 0..999999 µJ: from 900000 over the end to 100000 are 200000 µJ.
    file = zone(tmp_path, "intel-rapl:0", "package-0", 900_000, full=999_999)
    opened = counter(tmp_path)
    file.write_text("100000")
    assert opened.read_joules() == pytest.approx(0.2)
    file.write_text("50000")  # 950000 more
    assert opened.read_joules() == pytest.approx(1.15)


def test_rapl_adds_packages_and_dram_and_nothing_twice(tmp_path: Path):
    files = [
        zone(tmp_path, "intel-rapl:0", "package-0", 0),
        zone(tmp_path, "intel-rapl:1", "package-1", 0),
        zone(tmp_path, "intel-rapl:0:2", "dram", 0),
        zone(tmp_path, "intel-rapl:0:0", "core", 0),
        zone(tmp_path, "intel-rapl:0:1", "uncore", 0),
        zone(tmp_path, "intel-rapl:2", "psys", 0),
        zone(tmp_path, "intel-rapl-mmio:0", "package-0", 0),
    ]
    opened = counter(tmp_path)
    for file in files:
        file.write_text("1000000")
    assert opened.read_joules() == pytest.approx(3.0)
    assert "dram, package-0, package-1" in opened.source


def test_no_rapl_says_why(tmp_path: Path):
    found = rapl_counter(tmp_path / "none")
    assert isinstance(found, NoCounter)
    assert "virtual machine" in found.why


def test_a_counter_that_only_root_may_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    read = Path.read_text

    def refuse(self: Path, *args, **more) -> str:
        if self.name == "energy_uj":
            raise PermissionError
        return read(self, *args, **more)

    monkeypatch.setattr(Path, "read_text", refuse)
    found = rapl_counter(tmp_path)
    assert isinstance(found, NoCounter)
    assert "only root" in found.why


class FakeNvml:
    """What `pynvml` offers, of it only what is used."""

    NVMLError = RuntimeError

    def __init__(self, millijoules: list[int]) -> None:
        self.millijoules = millijoules

    def nvmlInit(self) -> None: ...  # noqa: N802 -- their names

    def nvmlShutdown(self) -> None: ...  # noqa: N802

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.millijoules)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:  # noqa: N802
        if self.millijoules[handle] < 0:
            raise RuntimeError("Not Supported")
        return self.millijoules[handle]


def test_nvml_adds_the_gpus(tmp_path: Path):
    nvml = FakeNvml([1000, 5000])
    opened = nvml_counter(lambda: nvml)
    assert isinstance(opened, NvmlCounter)
    nvml.millijoules = [1500, 7000]
    assert opened.read_joules() == pytest.approx(2.5)
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    both = SumCounter([counter(tmp_path), opened])
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("4000000")
    assert both.read_joules() == pytest.approx(6.5)
    assert "RAPL" in both.source
    assert "NVML" in both.source


def test_a_gpu_that_does_not_count_says_so():
    found = nvml_counter(lambda: FakeNvml([-1]))
    assert isinstance(found, NoCounter)
    assert "Not Supported" in found.why


def test_no_nvidia_package_is_a_reason_not_an_error():
    def missing() -> None:
        raise ImportError

    found = nvml_counter(missing)
    assert isinstance(found, NoCounter)
    assert "sprat[nvidia]" in found.why


def test_powermetrics_adds_power_times_length():
    text = """
*** Sampled system activity (Sat Nov 21 10:00:00 2026 +0000) (200.00ms elapsed) ***
CPU Power: 4000 mW
GPU Power: 1000 mW
Combined Power (CPU + GPU + ANE): 5000 mW
*** Sampled system activity (Sat Nov 21 10:00:01 2026 +0000) (500.00ms elapsed) ***
Combined Power (CPU + GPU + ANE): 2000 mW
"""
    # 5 W for 0.2 s and 2 W for 0.5 s
    assert list(joules_of(text.splitlines())) == pytest.approx([1.0, 1.0])


@pytest.mark.skipif(sys.platform == "darwin", reason="it may be there")
def test_no_powermetrics_is_a_reason():
    found = powermetrics_counter()
    assert isinstance(found, NoCounter)
    assert "not macOS" in found.why


class Steady:
    """A counter of constant power on a clock of its own."""

    source = "steady"

    def __init__(self, watts: float) -> None:
        self.watts = watts
        self.at_ns = 0
        self.joules = 0.0

    def wait(self, seconds: float) -> None:
        self.at_ns += int(seconds * 1e9)
        self.joules += self.watts * seconds

    def read_joules(self) -> float:
        return self.joules

    def now(self) -> int:
        return self.at_ns

    def close(self) -> None: ...


def test_the_idle_baseline_is_taken_off():
    # 10 W idle; then 25 W for 4 s: 100 J drawn, 40 J of them would have been drawn anyway.
    steady = Steady(10.0)
    energy = Energy(steady, clock=steady.now)
    energy.learn_idle(2.0, sleep=steady.wait)
    start = energy.stamp()
    steady.watts = 25.0
    steady.wait(4.0)
    assert energy.between(start, energy.stamp()) == pytest.approx(60.0)
    assert energy.source == "steady, idle 10.0 W excluded"


def test_less_than_idle_is_nothing_not_a_gain():
    steady = Steady(10.0)
    energy = Energy(steady, clock=steady.now)
    energy.learn_idle(2.0, sleep=steady.wait)
    start = energy.stamp()
    steady.watts = 9.0
    steady.wait(1.0)
    assert energy.between(start, energy.stamp()) == 0.0


def test_without_a_counter_energy_is_none_with_the_reason():
    energy = Energy(NoCounter("no counter here"))
    energy.learn_idle(60.0)
    assert energy.stamp() is None
    assert energy.between(None, None) is None
    assert energy.source == "unavailable: no counter here"


def test_a_counter_that_stops_answering_is_unavailable_from_then_on_and_stops_nothing() -> None:
    class Failing:
        source = "RAPL"

        def __init__(self) -> None:
            self.reads = 0

        def read_joules(self) -> float:
            self.reads += 1
            if self.reads > 1:
                raise PermissionError("no longer allowed")
            return 5.0

        def close(self) -> None:
            pass

    energy = Energy(Failing())
    start = energy.stamp()
    assert start is not None
    energy.learn_idle(0.0)
    assert energy.between(start, energy.stamp()) is None
    assert energy.source == "unavailable: RAPL stopped answering: no longer allowed"
