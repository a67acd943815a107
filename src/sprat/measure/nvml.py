"""Energy of NVIDIA GPUs."""

from collections.abc import Callable
from typing import Any

from sprat.measure.counter import NoCounter


class NvmlCounter:
    """NVIDIA's own counter of every GPU, in millijoules since the driver was loaded.

    Source: https://docs.nvidia.com/deploy/nvml-api (nvmlDeviceGetTotalEnergyConsumption)
    """

    refresh_s = 0.1
    """Source: Yang et al. (2023), https://arxiv.org/abs/2312.02741: 20 to 100 ms by GPU."""

    def __init__(self, nvml: Any) -> None:  # noqa: ANN401 -- an optional module without types
        self._nvml = nvml
        count = int(nvml.nvmlDeviceGetCount())
        self._devices = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]
        self._start = self._millijoules()
        self.source = f"NVML ({count} GPU{'' if count == 1 else 's'}, whole)"

    def _millijoules(self) -> int:
        read = self._nvml.nvmlDeviceGetTotalEnergyConsumption
        return sum(int(read(device)) for device in self._devices)

    def read_joules(self) -> float:
        """Joules since this counter was made."""
        return (self._millijoules() - self._start) / 1e3

    def close(self) -> None:
        """Let the library go."""
        self._nvml.nvmlShutdown()


def nvml_counter(load: Callable[[], Any] | None = None) -> NvmlCounter | NoCounter:
    """The counter of NVIDIA GPUs, or why there is none."""
    try:
        nvml = (load or load_nvml)()
    except ImportError:
        return NoCounter("no NVML (pip install 'sprat[nvidia]')")
    try:
        nvml.nvmlInit()
        if not nvml.nvmlDeviceGetCount():
            return NoCounter("NVML sees no GPU")
        return NvmlCounter(nvml)
    except nvml.NVMLError as error:
        return NoCounter(f"NVML cannot be read: {error}")


def load_nvml() -> Any:  # noqa: ANN401 -- an optional module without types
    """NVIDIA's library.

    Raises:
        ImportError: the extra is not installed.
    """
    from importlib import import_module

    return import_module("pynvml")
