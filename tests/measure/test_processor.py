"""Processor time, checked against a process that burns a known amount and against psutil."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sprat.measure.counter import NoCounter
from sprat.measure.energy import Energy
from sprat.measure.memory import tree_of
from sprat.measure.meter import Meter
from sprat.measure.processor import Machine, busy_share, machine_time, spent_s, tree_times

BURN = "import time\nwhile time.process_time() < %s: pass\nprint('ready', flush=True)\ninput()"
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', %r]); " + BURN


@pytest.mark.skipif(sys.platform != "linux", reason="the file is Linux's")
def test_the_machine_is_read_in_hundredths_with_steal_apart(tmp_path: Path):
    (tmp_path / "proc").mkdir()
    file = tmp_path / "proc/stat"
    file.write_text("cpu  100 0 50 800 40 5 5 0 20 0\ncpu0 1 2 3\n")
    start = machine_time(tmp_path)
    assert start == Machine(10.0, 1.6, 0.0)  # what waits for a disk is not busy
    file.write_text("cpu  150 0 50 800 40 5 5 50 20 0\n")
    end = machine_time(tmp_path)
    assert end.steal_s == 0.5
    assert busy_share(start, end) == pytest.approx(0.5)
    assert busy_share(end, end) is None


def test_this_machine_counts_as_psutil_does():
    mine, theirs = machine_time(), psutil.cpu_times()
    assert mine.total_s - mine.busy_s >= theirs.idle - 1
    assert 0 < mine.busy_s <= mine.total_s


@pytest.mark.parametrize("code", [BURN % 0.3, PARENT % ("pass", 0.3)])
def test_what_a_tree_computed_is_found_again_even_of_children_that_ended(code: str):
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        tree = tree_of([process.pid])
        meter = Meter(lambda: (process.pid,), Energy(NoCounter("")))
        start = tree_times(tree)
        with meter.window() as window:
            assert process.stdout is not None
            process.stdout.readline()
        end = tree_times(tree_of([process.pid]))
        process.communicate(b"\n")
    assert window.resources is not None
    assert sum(end.values()) >= 0.27  # the system counts in hundredths
    assert 0 < (window.resources.processor_s or 0) <= (spent_s(start, end) or 0) + 0.02


def test_another_process_in_its_place_is_no_measurement():
    assert spent_s({1: 5.0}, {2: 9.0}) is None
    assert spent_s({}, {2: 9.0}) is None
    assert spent_s({1: 5.0, 2: 1.0}, {1: 7.0}) == pytest.approx(1.0)  # 2 ended: its second is in 1
