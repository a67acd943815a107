"""Opens a graph on an execution provider."""

import re
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.graph import edited
from sprat.engines.onnx.native import Native, ort
from sprat.engines.onnx.providers import (
    CPU,
    PROVIDERS,
    SOFTWARE_VARIABLE,
    Provider,
    named,
    refuse_missing,
)
from sprat.engines.pool import share_processor
from sprat.errors import BadWeights, EngineError, first_line

ANY_TOKENS = 2**31
FEW_TOKENS = 31
"""From 32 tokens on, WebGPU computes attention by a kernel that is wrong on SwiftShader: only the
first four tokens come out right, and it has four lanes side by side. Source: docs/providers.md."""
_NVIDIA = {"cuda", "tensorrt"}
"""Providers of `onnxruntime-gpu`, whose libraries of NVIDIA's are packages beside it."""
_PLUGGED: set[str] = set()
"""Providers whose library was registered: they are given to a session by their device."""
_KINDS = ("GPU", "CPU", "NPU")
"""Which device of several is taken; an NPU last, because it wants every length fixed beforehand."""
_WHERE = re.compile(r"^/?[\w./\\:-]+\.(?:cc|cpp|h):\d+ .*?(?=Failed|Error|\[ONNXRuntimeError\]|$)")
_CODE = re.compile(r"\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ")


class Opened(NamedTuple):
    """A loaded graph, and what computes it."""

    session: Native
    provider: Provider
    device: str
    """What ONNX Runtime says of the hardware; empty where it says nothing."""
    most_tokens: int
    """Of a prompt, what may be computed at once."""
    nodes: dict[str, int]
    """How many operators each provider got, by its name; empty where this build cannot tell."""


def open_session(folder: Folder, provider: str, threads: int, *, exact: bool = False) -> Opened:
    """Load the graph and its weights; `exact` as in `edited`, and always but on the processor.

    Raises:
        UnsupportedRequest: there is no such provider, or not here.
        EngineError: the provider is installed and cannot be used.
        BadWeights: ONNX Runtime cannot load the files.
    """
    wanted = named(provider)
    options = _options(threads)
    # Source: ONNX Runtime, "DirectML Execution Provider", configuration.
    options.enable_mem_pattern = wanted.name != "directml"
    device = find_device(wanted)
    if wanted.runtime in _PLUGGED:
        options.add_provider_for_devices([device], {})
    session = _load(folder, options, wanted, exact=exact or wanted.accelerates)
    most = FEW_TOKENS if is_software(wanted, device) else ANY_TOKENS
    return Opened(session, wanted, describe(device), most, _assigned(session))


def installed() -> tuple[Provider, ...]:
    """The providers that could be asked for here, best first; none is tried."""
    return tuple(provider for provider in PROVIDERS if _is_installed(provider))


def find_device(provider: Provider) -> Native | None:
    """The hardware that it would use; None where that is its own affair (built-in providers).

    Raises:
        UnsupportedRequest: the provider is not installed.
        EngineError: it finds no hardware to compute on, or its library cannot be loaded.
    """
    if not _is_installed(provider):
        raise refuse_missing(provider)
    if provider.name in _NVIDIA:
        _preload()
    if provider.runtime not in ort.get_available_providers():
        _plug_in(provider)
    found = [d for d in ort.get_ep_devices() if d.ep_name == provider.runtime]
    if provider.runtime in _PLUGGED and not found:
        raise EngineError(
            f"The execution provider {provider.name} finds nothing here to compute on: it needs "
            f"{provider.needs}.",
            fix=_missing_hardware(provider),
        )
    return min(found, key=lambda d: _KINDS.index(d.device.type.name), default=None)


def is_software(provider: Provider, device: Native | None) -> bool:
    """Whether a provider for graphics cards would compute on the processor."""
    return provider.name == "webgpu" and device is not None and device.device.type.name == "CPU"


def describe(device: Native | None) -> str:
    """A device in words."""
    if device is None:
        return ""
    known: dict[str, str] = {**device.device.metadata, **device.ep_metadata}
    words = (known.get("Description"), device.device.vendor, device.device.type.name)
    return " ".join(word for word in words if word)


def library_version(device: Native | None) -> str:
    """The version of the plugged-in library that found the device; empty for built-in ones."""
    return "" if device is None else str(device.ep_metadata.get("version", ""))


def _options(threads: int) -> Native:
    options: Native = ort.SessionOptions()
    share_processor(options, threads)
    options.log_severity_level = 3
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    return options


def _load(folder: Folder, options: Native, provider: Provider, *, exact: bool) -> Native:
    built_in = provider.runtime not in _PLUGGED
    listed = list(dict.fromkeys([provider.runtime, CPU.runtime])) if built_in else None
    try:
        graph, data = edited(folder, pads=not provider.accelerates, exact=exact)
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(data)
        )
        # Without `enable_fallback=0` a provider that does not start is replaced by the CPU's.
        session = ort.InferenceSession(graph, options, providers=listed, enable_fallback=0)
    except Exception as error:  # the native library raises whatever it likes
        raise _not_loaded(folder, provider, error) from error
    if session.get_providers()[0] != provider.runtime:
        raise _not_started(folder, provider, "ONNX Runtime put the CPU's in its place")
    return session


def _not_loaded(folder: Folder, provider: Provider, error: Exception) -> Exception:
    if provider.accelerates:
        return _not_started(folder, provider, _reason(error))
    return BadWeights(
        f"{folder.graph} cannot be loaded: {first_line(error)}",
        fix="Export it again: sprat models export FILE.gguf --out DIR",
    )


def _not_started(folder: Folder, provider: Provider, why: str) -> EngineError:
    return EngineError(
        f"{folder.graph} cannot be loaded with the execution provider {provider.name}: {why}.",
        fix=f"It needs {provider.needs}; without: --provider cpu",
    )


def _reason(error: Exception) -> str:
    """What went wrong, without the places in ONNX Runtime's source that it passed."""
    line = first_line(error, most=2000)
    return _WHERE.sub("", _CODE.split(line)[-1]).strip().rstrip(".")[:300]


def _missing_hardware(provider: Provider) -> str:
    if provider.name != "webgpu":
        return "Use --provider cpu."
    driver = (
        "Install the card's Vulkan driver (Debian: apt-get install libvulkan1 mesa-vulkan-drivers)"
        if sys.platform == "linux"
        else "Install the card's driver"
    )
    return (
        f"{driver}, or use --provider cpu. To try it on a software adapter: {SOFTWARE_VARIABLE}=1"
    )


def _is_installed(provider: Provider) -> bool:
    """Whether it is part of this ONNX Runtime, or there is a library of it to be plugged in."""
    built_in = provider.runtime in ort.get_available_providers()
    return built_in or (provider.plugin is not None and find_spec(provider.plugin) is not None)


def _preload() -> None:
    """Load NVIDIA's libraries from their packages, where the system's loader does not look.

    Source: ONNX Runtime, "CUDA Execution Provider", `preload_dlls` (since 1.21).
    """
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()


def _plug_in(provider: Provider) -> None:
    """Make the provider's library known to ONNX Runtime, for as long as this process lives."""
    try:
        library = import_module(str(provider.plugin)).get_library_path()
        ort.register_execution_provider_library(provider.name, library)
        _PLUGGED.add(provider.runtime)
    except Exception as error:  # the native library raises whatever it likes
        raise EngineError(
            f"The library of the execution provider {provider.name} cannot be loaded: "
            f"{_reason(error)}.",
            fix=f"It needs {provider.needs}. Install it anew: {provider.install}",
        ) from error


def _assigned(session: Native) -> dict[str, int]:
    tell = getattr(session, "get_provider_graph_assignment_info", None)
    counts: dict[str, int] = {}
    for part in tell() if tell else ():
        name = next((p.name for p in PROVIDERS if p.runtime == part.ep_name), str(part.ep_name))
        counts[name] = counts.get(name, 0) + len(part.get_nodes())
    return counts
