"""Counters on fake trees, with joules worked out by hand."""

import statistics
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.measure.counter import NoCounter, SumCounter
from sprat.measure.energy import Energy
from sprat.measure.nvml import NvmlCounter, nvml_counter
from sprat.measure.powermetrics import joules_of, powermetrics_counter
from sprat.measure.processor import Machine
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


@given(
    full=st.integers(1, 2**40),
    steps=st.lists(st.floats(0, 1), min_size=1, max_size=8),
    start=st.floats(0, 1),
)
def test_rapl_never_falls_and_loses_nothing_however_often_it_wraps(
    tmp_path_factory: pytest.TempPathFactory, full: int, steps: list[float], start: float
):
    root = tmp_path_factory.mktemp("powercap")
    true_uj = int(start * full)
    file = zone(root, "intel-rapl:0", "package-0", true_uj, full)
    opened, began_uj, last = counter(root), true_uj, 0.0
    for step in steps:
        true_uj += int(step * full)  # less than once around between two readings
        file.write_text(str(true_uj % (full + 1)))
        now = opened.read_joules()
        assert now >= last
        assert now == (true_uj - began_uj) / 1e6
        last = now


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


def test_powermetrics_without_a_combined_line_adds_the_parts_and_intel_gives_its_package():
    parts = """
*** Sampled system activity (Sat Nov 21 10:00:00 2026 +0000) (200.00ms elapsed) ***
CPU Power: 4000 mW
GPU Power: 1000 mW
ANE Power: 500 mW
"""
    assert list(joules_of(parts.splitlines())) == pytest.approx([1.1])
    intel = """
*** Sampled system activity (Sat Nov 21 10:00:00 2026 +0000) (1000.00ms elapsed) ***
Intel energy model derived package power (CPUs+GT+SA): 4.40W
"""
    assert list(joules_of(intel.splitlines())) == pytest.approx([4.4])


def a_powermetrics(folder: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    """A program of that name that root may run, in place of macOS's own."""
    program = folder / "powermetrics"
    program.write_text(f"#!{sys.executable}\nimport time\n{says}\ntime.sleep(60)\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("os.geteuid", lambda: 0)


@pytest.mark.skipif(sys.platform == "win32", reason="no such program there")
def test_powermetrics_is_opened_only_once_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    head = "print('*** Sampled (200.00ms elapsed) ***', flush=True)"
    power = "print('Combined Power (CPU + GPU + ANE): 5000 mW', flush=True)"
    a_powermetrics(tmp_path, monkeypatch, f"time.sleep(0.3)\n{head}\n{power}\n{head}")
    opened = powermetrics_counter()
    assert not isinstance(opened, NoCounter)
    assert opened.read_joules() == pytest.approx(1.0)  # 5 W for 0.2 s
    opened.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no such program there")
def test_powermetrics_that_tells_no_power_is_no_counter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sprat.measure.powermetrics.FIRST_S", 0.2)
    a_powermetrics(tmp_path, monkeypatch, "print('Machine model: none', flush=True)")
    found = powermetrics_counter()
    assert isinstance(found, NoCounter)
    assert "no power" in found.why


@pytest.mark.skipif(sys.platform == "darwin", reason="it may be there")
def test_no_powermetrics_is_a_reason():
    found = powermetrics_counter()
    assert isinstance(found, NoCounter)
    assert "not macOS" in found.why


class Steady:
    """A counter of constant power on a clock of its own."""

    source = "steady"

    def __init__(self, watts: float, refresh_s: float = 0.0) -> None:
        self.watts = watts
        self.refresh_s = refresh_s
        self.at_ns = 0
        self.joules = 0.0
        self.busy = 0.0

    def wait(self, seconds: float) -> None:
        self.at_ns += int(seconds * 1e9)
        self.joules += self.watts * seconds

    def read_joules(self) -> float:
        return self.joules

    def now(self) -> int:
        return self.at_ns

    def machine(self) -> Machine:
        return Machine(self.at_ns / 1e9, self.busy * self.at_ns / 1e9)

    def close(self) -> None: ...


def energy_of(steady: Steady, idle_s: float = 2.0) -> Energy:
    energy = Energy(steady, clock=steady.now, machine=steady.machine)
    energy.learn_idle(idle_s, sleep=steady.wait)
    return energy


def test_the_idle_baseline_is_taken_off():
    # 10 W idle; then 25 W for 4 s: 100 J drawn, 40 J of them would have been drawn anyway.
    steady = Steady(10.0)
    energy = energy_of(steady)
    start = energy.stamp()
    steady.watts = 25.0
    steady.wait(4.0)
    drawn = energy.drawn(start, energy.stamp())
    assert drawn.joules == pytest.approx(60.0)
    assert drawn.source == "steady, idle 10.0 ± 0.0 W excluded"


def test_less_than_idle_stays_below_zero_so_that_noise_cancels_in_a_sum():
    steady = Steady(10.0)
    energy = energy_of(steady)
    total = 0.0
    for watts in (9.0, 11.0):  # as much below as above
        start = energy.stamp()
        steady.watts = watts
        steady.wait(1.0)
        total += energy.drawn(start, energy.stamp()).joules or 0.0
    assert total == pytest.approx(0.0)


@given(st.lists(st.tuples(st.floats(0.01, 60), st.floats(0, 300)), min_size=1, max_size=8))
def test_the_joules_of_stretches_one_after_the_other_are_those_of_the_whole(
    stretches: list[tuple[float, float]],
):
    steady = Steady(10.0)
    energy = energy_of(steady)
    first = before = energy.stamp()
    parts = 0.0
    for seconds, watts in stretches:
        steady.watts = watts
        steady.wait(seconds)
        now = energy.stamp()
        parts += energy.drawn(before, now).joules or 0.0
        before = now
    whole = energy.drawn(first, before).joules
    assert whole == pytest.approx(parts, abs=1e-6)
    assert whole == pytest.approx(sum(s * (w - 10.0) for s, w in stretches), abs=1e-3)


def test_an_idle_draw_that_wavers_is_noise_in_every_stretch():
    # Pieces of 8 W and 12 W in turn: their standard deviation is known to `statistics`.
    steady = Steady(8.0)

    def wavering(seconds: float) -> None:
        steady.wait(seconds)
        steady.watts = 20.0 - steady.watts

    energy = Energy(steady, clock=steady.now, machine=steady.machine)
    energy.learn_idle(2.0, sleep=wavering)
    spread = statistics.stdev([8.0, 12.0] * 4)
    start = energy.stamp()
    steady.wait(3.0)
    drawn = energy.drawn(start, energy.stamp())
    assert drawn.noise_joules == pytest.approx(spread * 3)
    assert f"idle 10.0 ± {spread:.1f} W" in drawn.source


def test_a_machine_that_was_busy_during_its_baseline_is_told_on():
    steady = Steady(10.0)
    steady.busy = 0.24
    assert "24% of its processors were busy" in energy_of(steady).source
    steady = Steady(10.0)
    steady.busy = 0.05
    assert "busy" not in energy_of(steady).source


def test_a_stretch_shorter_than_a_step_of_the_counter_is_not_measured():
    steady = Steady(10.0, refresh_s=0.1)
    energy = energy_of(steady)
    start = energy.stamp()
    steady.wait(0.05)
    short = energy.drawn(start, energy.stamp())
    assert short.joules is None
    assert short.source == "unavailable: steady steps every 0.1 s, an answer took 0.05 s"
    steady.watts = 30.0
    start = energy.stamp()
    steady.wait(1.0)
    long = energy.drawn(start, energy.stamp())
    assert long.joules == pytest.approx(20.0)
    assert long.noise_joules == pytest.approx(3.0)  # one step of 0.1 s at 30 W


def test_a_counter_that_steps_every_400_ms_gets_four_pieces_of_two_steps_each():
    steady = Steady(10.0, refresh_s=0.4)  # powermetrics
    energy = energy_of(steady, idle_s=2.0)
    assert steady.at_ns == 4 * 800_000_000
    start = energy.stamp()
    steady.watts = 25.0
    steady.wait(4.0)
    assert energy.drawn(start, energy.stamp()).joules == pytest.approx(60.0)


def test_a_counter_too_coarse_for_a_baseline_gives_no_joules_but_a_reason():
    steady = Steady(10.0, refresh_s=60.0)
    energy = energy_of(steady, idle_s=2.0)
    start = energy.stamp()
    steady.wait(300.0)
    drawn = energy.drawn(start, energy.stamp())
    assert drawn.joules is None
    assert drawn.source == "unavailable: too coarse for an idle baseline: steady"


def test_without_a_counter_energy_is_none_with_the_reason():
    energy = Energy(NoCounter("no counter here"))
    energy.learn_idle(60.0)
    assert energy.stamp() is None
    assert energy.drawn(None, None) == (None, None, "unavailable: no counter here")


def test_a_counter_that_stops_answering_is_unavailable_from_then_on_and_stops_nothing() -> None:
    class Failing(Steady):
        source = "RAPL"

        def read_joules(self) -> float:
            if self.at_ns > 2e9:
                raise PermissionError("no longer allowed")
            return super().read_joules()

    failing = Failing(5.0)
    energy = energy_of(failing)
    start = energy.stamp()
    assert start is not None
    failing.wait(1.0)
    drawn = energy.drawn(start, energy.stamp())
    assert drawn.joules is None
    assert drawn.source == "unavailable: RAPL stopped answering: no longer allowed"
