"""The execution providers that are installed, and whether those that plug in really start."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import distributions
from typing import Any

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.settings import Settings

START_S = 4.0
"""How long a plug-in may take to start."""
_PREFIX = "onnxruntime-ep-"
_START = """
import importlib, sys
import onnxruntime
plugin = importlib.import_module(sys.argv[1])
name = plugin.get_ep_name()
onnxruntime.register_execution_provider_library(name, plugin.get_library_path())
devices = [d for d in onnxruntime.get_ep_devices() if d.ep_name == name]
print("devices", len(devices), *[d.ep_vendor for d in devices[:3]])
"""


def check_providers(settings: Settings) -> Iterable[Check]:
    """The execution provider that the settings ask for is one that is installed."""
    try:
        runtime: Any = import_module("onnxruntime")
    except ImportError:
        return
    names: list[str] = runtime.get_available_providers()
    # Azure's computes in a cloud, not here, and the engine does not take it.
    short = [n.removesuffix("ExecutionProvider") for n in names if not n.startswith("Azure")]
    wanted = settings.onnx.provider
    known = {name.lower() for name in short} | set(plugins()) | {"auto"}
    if wanted.lower().removesuffix("executionprovider") in known:
        yield ok("Execution providers", ", ".join(short))
    else:
        yield fault(
            "Execution providers",
            f"{', '.join(short)}; but [onnx] provider is {wanted!r}",
            fix='Set [onnx] provider = "cpu" in sprat.toml, or install the package that brings it.',
        )


def check_plugins(settings: Settings) -> Iterable[Check]:
    """Each provider that plugs in starts and sees a device; tried in a process of its own."""
    for name, module in plugins().items():
        label, trouble = f"Provider {name}", _start(module)
        if trouble is None:
            yield ok(label, "starts, and sees a device")
        elif settings.onnx.provider.lower().startswith(name):
            yield fault(label, trouble, fix='Set [onnx] provider = "cpu" in sprat.toml.')
        else:
            yield note(
                label,
                trouble,
                fix="Local models compute on the CPU. It wants a device and its driver.",
            )


def plugins() -> dict[str, str]:
    """The providers that are packages of their own, by short name, and the module of each."""
    found: dict[str, str] = {}
    for installed in distributions():
        package = (installed.name or "").lower().replace("_", "-")
        if package.startswith(_PREFIX):
            found[package.removeprefix(_PREFIX)] = package.replace("-", "_")
    return found


def _start(module: str) -> str | None:
    """Why the plug-in cannot be used; None when it can."""
    with tempfile.TemporaryDirectory() as home:  # what it writes about the machine is not kept
        places = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME"), home)
        try:
            done = subprocess.run(
                [sys.executable, "-c", _START, module],
                capture_output=True, text=True, timeout=START_S, check=False,
                stdin=subprocess.DEVNULL, env={**os.environ, **places},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"did not start within {START_S:g} s"
    if done.returncode < 0:
        return f"crashes as it starts (signal {-done.returncode})"
    if done.returncode:
        return f"does not start: {_last(done.stderr)}"
    return None if "devices 0" not in done.stdout else "is installed, and sees no device"


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it says nothing"
