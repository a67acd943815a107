"""Memory that a process tree holds on GPUs. Definition: docs/metrics.md, "Memory"."""

import sys
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sprat.measure.counter import NoCounter
from sprat.measure.nvml import load_nvml

NOT_LISTED = "no GPU lists the model's process (it computes elsewhere, or in a container)"


class Held(NamedTuple):
    """What one look found."""

    bytes: int | None
    source: str
    """What told it, or why nothing did."""


class GpuMemory:
    """NVIDIA's own list of which process holds how much of each GPU.

    Source: https://docs.nvidia.com/deploy/nvml-api (nvmlDeviceGetComputeRunningProcesses)
    """

    def __init__(self, nvml: Any) -> None:  # noqa: ANN401 -- an optional module without types
        self._nvml = nvml
        count = int(nvml.nvmlDeviceGetCount())
        self._devices = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]

    def held(self, pids: Collection[int]) -> Held:
        """Bytes that these processes hold on all GPUs now; None with a reason."""
        try:
            found = [size for device in self._devices for size in self._sizes(device, pids)]
        except self._nvml.NVMLError as error:
            return Held(None, f"unavailable: NVML cannot list processes: {error}")
        known = [size for size in found if size is not None]
        if not found:
            return Held(None, f"unavailable: {NOT_LISTED}")
        if len(known) < len(found):
            return Held(None, "unavailable: the driver does not tell memory by process")
        return Held(sum(known), "NVML, by process")

    def _sizes(self, device: Any, pids: Collection[int]) -> list[int | None]:  # noqa: ANN401
        """One size per process; a process that both computes and draws is listed twice."""
        listed = (
            *self._nvml.nvmlDeviceGetComputeRunningProcesses(device),
            *self._nvml.nvmlDeviceGetGraphicsRunningProcesses(device),
        )
        return list({p.pid: p.usedGpuMemory for p in listed if p.pid in pids}.values())

    def used_bytes(self) -> int | None:
        """What all processes together hold on all GPUs; None where the driver does not tell."""
        try:
            read = self._nvml.nvmlDeviceGetMemoryInfo
            return sum(int(read(device).used) for device in self._devices)
        except self._nvml.NVMLError:
            return None

    def close(self) -> None:
        """Let the library go."""
        self._nvml.nvmlShutdown()


class Growth:
    """How much more all GPUs hold than when it was made: where no process can be told apart."""

    def __init__(self, gpu: GpuMemory | NoCounter) -> None:
        self._gpu = gpu
        self._before = self._used()

    def _used(self) -> int | None:
        return None if isinstance(self._gpu, NoCounter) else self._gpu.used_bytes()

    def bytes(self) -> int | None:
        """So far; None where it is not told. Whoever else took or freed some is in it."""
        now = self._used()
        return None if now is None or self._before is None else now - self._before


@contextmanager
def opened_gpu(load: Callable[[], Any] | None = None) -> Generator[GpuMemory | NoCounter]:
    """`gpu_memory`, closed again."""
    gpu = gpu_memory(load)
    try:
        yield gpu
    finally:
        if not isinstance(gpu, NoCounter):
            gpu.close()


def gpu_memory(load: Callable[[], Any] | None = None) -> GpuMemory | NoCounter:
    """What can tell GPU memory on this machine, or why nothing can."""
    if sys.platform == "darwin":
        return NoCounter("GPU and processor share their memory: it is in the resident memory")
    try:
        nvml = (load or load_nvml)()
    except ImportError:
        return NoCounter("no NVML (pip install 'sprat[nvidia]')")
    try:
        nvml.nvmlInit()
        return GpuMemory(nvml) if nvml.nvmlDeviceGetCount() else NoCounter("NVML sees no GPU")
    except nvml.NVMLError as error:
        return NoCounter(f"NVML cannot be read: {error}")
