"""GPU memory by process, against what a fake NVML lists."""

import os
from types import SimpleNamespace

import pytest

from sprat.measure.counter import NoCounter
from sprat.measure.energy import Energy
from sprat.measure.gpu import GpuMemory, Growth, gpu_memory, opened_gpu
from sprat.measure.meter import Meter

MIB = 1 << 20


def uses(pid: int, size: int | None) -> SimpleNamespace:
    return SimpleNamespace(pid=pid, usedGpuMemory=size)


class FakeNvml:
    """What `pynvml` offers, of it only what is used."""

    NVMLError = RuntimeError

    def __init__(self, *compute: list[SimpleNamespace], drawing: tuple = ()) -> None:
        self.compute = compute
        self.drawing = list(drawing)
        self.used: int | None = 100 * MIB

    def nvmlInit(self) -> None: ...  # noqa: N802 -- their names

    def nvmlShutdown(self) -> None: ...  # noqa: N802

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.compute)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetComputeRunningProcesses(self, device: int) -> list:  # noqa: N802
        if self.compute[device] is None:
            raise RuntimeError("Not Supported")
        return self.compute[device]

    def nvmlDeviceGetGraphicsRunningProcesses(self, device: int) -> list:  # noqa: N802
        return self.drawing if device == 0 else []

    def nvmlDeviceGetMemoryInfo(self, device: int) -> SimpleNamespace:  # noqa: N802
        if self.used is None:
            raise RuntimeError("Not Supported")
        return SimpleNamespace(used=self.used)


def memory(*compute, drawing: tuple = ()) -> GpuMemory:
    found = gpu_memory(lambda: FakeNvml(*compute, drawing=drawing))
    assert isinstance(found, GpuMemory)
    return found


def test_only_the_own_processes_count_over_all_gpus_and_none_twice():
    both = memory(
        [uses(1, 300 * MIB), uses(99, 8000 * MIB)],
        [uses(1, 200 * MIB), uses(2, 50 * MIB)],
        drawing=(uses(1, 300 * MIB),),
    )
    assert both.held({1, 2}) == (550 * MIB, "NVML, by process")


@pytest.mark.parametrize(
    ("compute", "why"),
    [
        ([uses(99, MIB)], "no GPU lists"),
        ([uses(1, None)], "does not tell memory by process"),
        (None, "Not Supported"),
    ],
)
def test_what_nvml_does_not_tell_is_none_with_a_reason(compute: list | None, why: str):
    held = memory(compute).held({1})
    assert held.bytes is None
    assert why in held.source


def test_what_all_gpus_hold_more_is_told_where_the_driver_tells_it():
    nvml = FakeNvml([], [])
    with opened_gpu(lambda: nvml) as gpu:
        growth = Growth(gpu)
        nvml.used = 350 * MIB
        assert growth.bytes() == 2 * 250 * MIB  # two GPUs
        nvml.used = None
        assert growth.bytes() is None
    assert Growth(NoCounter("no NVML")).bytes() is None


def test_an_answer_carries_the_gpu_memory_of_its_worker_or_why_there_is_none():
    energy = Energy(NoCounter("none"))
    gpu = memory([uses(os.getpid(), 40 * MIB)])
    for given, size, says in (
        (gpu, 40 * MIB, "NVML"),
        (NoCounter("no NVML"), None, "unavailable: no NVML"),
        (None, None, "unavailable: not asked for"),
    ):
        meter = Meter(lambda: (os.getpid(),), energy, gpu=given)
        with meter.window() as window:
            pass
        assert window.resources is not None
        assert window.resources.gpu_memory_bytes == size
        assert says in (window.resources.gpu_memory_source or "")
