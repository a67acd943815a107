"""A graphics card that the processor imitates: SwiftShader, which every Chromium brings along."""

import ctypes.util
import json
import sys
from pathlib import Path

import pytest
from tests.browser import chromium_path

from sprat.engines.onnx.providers import SOFTWARE_VARIABLE

PLACES = ("/usr/lib/chromium", "/usr/lib64/chromium-browser", "/usr/lib/chromium-browser")
LIBRARY = "libvk_swiftshader.so"


def imitate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let WebGPU compute on SwiftShader in every process started from now on; skips without it."""
    if sys.platform != "linux":
        pytest.skip("Chromium's SwiftShader is used through Vulkan, on Linux only")
    library = _swiftshader()
    if library is None:
        pytest.skip("no Chromium with SwiftShader: run `make browser`")
    driver = {"library_path": str(library), "api_version": "1.0.5"}
    file = folder / "swiftshader.json"
    file.write_text(json.dumps({"file_format_version": "1.0.0", "ICD": driver}), "utf-8")
    if not ctypes.util.find_library("vulkan"):  # Chromium has a loader of its own too
        monkeypatch.setenv("LD_LIBRARY_PATH", str(library.parent))
    monkeypatch.setenv("VK_ICD_FILENAMES", str(file))
    monkeypatch.setenv("VK_DRIVER_FILES", str(file))
    monkeypatch.setenv(SOFTWARE_VARIABLE, "1")


def _swiftshader() -> Path | None:
    browser = chromium_path()
    beside = () if browser is None else (browser.resolve().parent,)
    files = (Path(place) / LIBRARY for place in (*beside, *PLACES))
    return next((file for file in files if file.is_file()), None)
