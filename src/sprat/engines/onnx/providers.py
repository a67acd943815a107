"""The execution providers: what each is called, what brings it, what else it needs.

Nothing native is loaded here, so both sides of the pipe may read the table.
"""

import sys

import msgspec

from sprat.errors import UnsupportedRequest

DIED_FIX = "Use --provider cpu, or bring the driver and the package up to date."
"""What helps against native code that crashes."""
AUTO = "auto"
"""Not a provider: the best of those installed that computes what the processor computes."""
SOFTWARE_VARIABLE = "ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER"
"""Lets the WebGPU provider compute where there is no graphics card. Source: its library."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    """As users type it."""
    runtime: str
    """As ONNX Runtime calls it."""
    brought_by: str
    """The package or build that holds it."""
    install: str
    """What to type to get it."""
    needs: str
    """What else the machine must have."""
    systems: tuple[str, ...] = ("linux", "win32", "darwin")
    """`sys.platform` of the systems it exists for."""
    plugin: str | None = None
    """The Python package of a library registered at run time; None: part of ONNX Runtime itself."""
    also: tuple[str, ...] = ()
    """Other names for it."""

    @property
    def accelerates(self) -> bool:
        """Whether it is anything but the processor's own."""
        return self.name != CPU.name


def _swapped(package: str) -> str:
    """Two builds of ONNX Runtime lie in the same folder, so one has to go first."""
    return f"pip uninstall -y onnxruntime && pip install {package}"


CPU = Provider(
    name="cpu",
    runtime="CPUExecutionProvider",
    brought_by="onnxruntime",
    install="pip install onnxruntime",
    needs="nothing",
)

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        name="cuda",
        runtime="CUDAExecutionProvider",
        brought_by="onnxruntime-gpu",
        install=_swapped("'onnxruntime-gpu[cuda,cudnn]'"),
        needs="an NVIDIA card and its driver",
        systems=("linux", "win32"),
    ),
    Provider(
        name="tensorrt-rtx",
        runtime="NvTensorRTRTXExecutionProvider",
        brought_by="onnxruntime-ep-nv-tensorrt-rtx",
        install="pip install onnxruntime-ep-nv-tensorrt-rtx",
        needs="an NVIDIA RTX card of 2020 or later and its driver",
        systems=("linux", "win32"),
        plugin="onnxruntime_ep_nv_tensorrt_rtx",
    ),
    Provider(
        name="tensorrt",
        runtime="TensorrtExecutionProvider",
        brought_by="onnxruntime-gpu",
        install=f"{_swapped('onnxruntime-gpu')} && pip install tensorrt",
        needs="an NVIDIA card, its driver and TensorRT",
        systems=("linux", "win32"),
    ),
    Provider(
        name="directml",
        runtime="DmlExecutionProvider",
        brought_by="onnxruntime-directml",
        install=_swapped("onnxruntime-directml"),
        needs="a DirectX 12 card",
        systems=("win32",),
        also=("dml",),
    ),
    Provider(
        name="qnn",
        runtime="QNNExecutionProvider",
        brought_by="onnxruntime-qnn",
        install="pip install onnxruntime-qnn",
        needs="a Qualcomm Snapdragon processor",
        systems=("linux", "win32"),
        plugin="onnxruntime_qnn",
    ),
    Provider(
        name="coreml",
        runtime="CoreMLExecutionProvider",
        brought_by="onnxruntime for macOS",
        install="pip install onnxruntime",
        needs="a Mac",
        systems=("darwin",),
    ),
    Provider(
        name="webgpu",
        runtime="WebGpuExecutionProvider",
        brought_by="onnxruntime-ep-webgpu",
        install="pip install onnxruntime-ep-webgpu",
        needs="a graphics card with its driver, and on Linux the Vulkan loader (libvulkan1)",
        plugin="onnxruntime_ep_webgpu",
    ),
    Provider(
        name="openvino",
        runtime="OpenVINOExecutionProvider",
        brought_by="onnxruntime-ep-openvino",
        install="pip install onnxruntime-ep-openvino",
        needs="an Intel processor, graphics card or NPU",
        systems=("linux", "win32"),
        plugin="onnxruntime_ep_openvino",
    ),
    CPU,
)
"""The vendors' own before the portable ones: the order in which `auto` tries them."""


def named(text: str) -> Provider:
    """The provider that `text` means, in any spelling, ONNX Runtime's own included.

    Raises:
        UnsupportedRequest: there is none of that name.
    """
    short = _short(text)
    for provider in PROVIDERS:
        if short in {provider.name, _short(provider.runtime), *provider.also}:
            return provider
    raise UnsupportedRequest(
        f"There is no execution provider {text!r}.", fix=f"Use one of: {', '.join(names())}."
    )


def names() -> tuple[str, ...]:
    """What can be asked for."""
    return (AUTO, *sorted(provider.name for provider in PROVIDERS))


def checked(text: str) -> str:
    """The name as the table has it, or `auto`.

    Raises:
        UnsupportedRequest: there is no provider of that name.
    """
    return AUTO if _short(text) == AUTO else named(text).name


def _of(system: str) -> str:
    here = sorted(provider.name for provider in PROVIDERS if system in provider.systems)
    return ", ".join((AUTO, *here))


def refuse_missing(provider: Provider, system: str = sys.platform) -> UnsupportedRequest:
    """Why a provider that is not here is not here, and what to install."""
    if system not in provider.systems:
        return UnsupportedRequest(
            f"The execution provider {provider.name} does not exist for {system}: it needs "
            f"{provider.needs}.",
            fix=f"Use one of: {_of(system)}.",
        )
    return UnsupportedRequest(
        f"The execution provider {provider.name} is not installed: it comes with "
        f"{provider.brought_by}.",
        fix=f"Install it: {provider.install}",
    )


def _short(text: str) -> str:
    return text.strip().lower().removesuffix("executionprovider")
