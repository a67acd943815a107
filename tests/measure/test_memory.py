"""Memory, checked against processes that take a known amount of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from sprat.measure.counter import NoCounter
from sprat.measure.energy import Energy
from sprat.measure.memory import PeakMemory, highest_rss_bytes, rss_bytes, tree_of
from sprat.measure.meter import Meter

MIB = 1024 * 1024
TAKE = "import sys; x = bytearray(b'x' * (%d << 20)); print('ready', flush=True); sys.stdin.read()"
TAKE_AND_GIVE_BACK = "x = bytearray(b'x' * (96 << 20)); del x; " + TAKE % 1
PARENT = (
    "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', %r], stdin=0);p.wait()"
)
HAS_PEAK = sys.platform in {"linux", "win32"}


@contextmanager
def running(code: str) -> Iterator[psutil.Process]:
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"ready"
        yield psutil.Process(process.pid)
        process.communicate(b"")


def test_resident_memory_is_what_the_process_took():
    with running(TAKE % 1) as small, running(TAKE % 65) as big:
        difference = (rss_bytes([big]) or 0) - (rss_bytes([small]) or 0)
    assert difference == pytest.approx(64 * MIB, rel=0.1)


def test_the_tree_holds_the_children_and_adds_them_up():
    with running(PARENT % (TAKE % 64)) as parent:
        tree = tree_of([parent.pid])
        assert len(tree) == 2
        total = rss_bytes(tree)
        assert total is not None
        assert total == pytest.approx(sum(p.memory_info().rss for p in tree), rel=0.05)
        assert total > 64 * MIB


@pytest.mark.skipif(not HAS_PEAK, reason="this system keeps no peak of a foreign process")
def test_a_peak_that_no_sample_saw_is_not_missed():
    with running(TAKE_AND_GIVE_BACK) as process:
        now, highest = rss_bytes([process]), highest_rss_bytes(process)
        assert now is not None
        assert highest is not None
        assert highest > now + 80 * MIB
        peak = PeakMemory()
        peak.sample([process])
        assert (peak.bytes or 0) < 80 * MIB
        peak.settle([process])
        assert peak.bytes == pytest.approx(highest, rel=0.02)


def test_a_process_that_is_gone_is_left_out():
    with running(TAKE % 1) as process:
        tree = tree_of([process.pid])
    assert rss_bytes(tree) is None
    assert tree_of([process.pid]) == ()
    assert highest_rss_bytes(process) is None
    peak = PeakMemory()
    peak.settle(tree)
    assert peak.bytes is None


def test_a_window_reports_memory_and_why_there_is_no_energy():
    with running(TAKE % 64) as process:
        meter = Meter(lambda: (process.pid,), Energy(NoCounter("no counter")))
        with meter.window() as window:
            assert window.resources is None
        resources = window.resources
    assert resources is not None
    assert (resources.peak_rss_bytes or 0) > 64 * MIB
    assert resources.energy_joules is None
    assert resources.energy_source == "unavailable: no counter"


def test_a_replaced_worker_starts_with_a_peak_of_its_own():
    with running(TAKE % 64) as first, running(TAKE % 1) as second:
        pids = [first.pid]
        meter = Meter(lambda: tuple(pids), Energy(NoCounter("")))
        with meter.window() as before:
            pass
        pids[0] = second.pid
        with meter.window() as after:
            pass
    assert before.resources is not None
    assert after.resources is not None
    assert (before.resources.peak_rss_bytes or 0) > 64 * MIB
    assert (after.resources.peak_rss_bytes or 0) < 64 * MIB


def test_a_remote_engine_has_no_memory_and_no_energy_here():
    meter = Meter(lambda: (), Energy(NoCounter("x")), local=False)
    with meter.window() as window:
        pass
    assert window.resources is not None
    assert window.resources.peak_rss_bytes is None
    assert "elsewhere" in (window.resources.energy_source or "")


def test_a_window_is_closed_when_its_work_fails():
    meter = Meter(lambda: (os.getpid(),), Energy(NoCounter("")))
    with pytest.raises(ValueError, match="oh"), meter.window() as window:
        raise ValueError("oh")
    assert window.resources is not None
