"""The machine: what it computes with, what is free, what it can measure."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from sprat.cli.checks.finding import Check, note, ok
from sprat.settings import Settings

_GIB = 1 << 30
_ROOM_FOR_DEFAULTS_BYTES = 3 * _GIB
"""Both default models, their downloads and their exports, with some room to spare."""
_MEMORY_FOR_DEFAULTS_BYTES = 3 * _GIB
_NVIDIA = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
_ASK_S = 3.0


def check_processor(_: Settings) -> Iterable[Check]:
    """How many cores there are to compute with."""
    import psutil

    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    yield ok("Processor", f"{physical} physical cores")


def check_gpu(_: Settings) -> Iterable[Check]:
    """Which graphics processors the system knows of."""
    command = shutil.which("nvidia-smi")
    if command:
        yield _nvidia(command)
    elif nodes := sorted(Path("/dev/dri").glob("renderD*")):
        yield ok("GPU", f"{len(nodes)} at /dev/dri; its provider is chosen by [onnx] provider")
    elif sys.platform == "darwin":
        yield ok("GPU", "the processor's own")
    else:
        yield ok("GPU", "none seen; local models compute on the processor")


def _nvidia(command: str) -> Check:
    try:
        done = subprocess.run(
            [command, *_NVIDIA], capture_output=True, text=True, timeout=_ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return note("GPU", f"nvidia-smi gives no answer: {error}", fix=_DRIVER)
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode or not lines:
        said = (done.stdout + done.stderr).strip().splitlines() or ["it says nothing"]
        return note("GPU", f"nvidia-smi finds none: {said[0][:150]}", fix=_DRIVER)
    return ok("GPU", "; ".join(lines))


_DRIVER = "Load or install the NVIDIA driver; then nvidia-smi shows the GPU."


def check_memory(_: Settings) -> Iterable[Check]:
    """Free memory against what the two default models need."""
    import psutil

    free = psutil.virtual_memory().available
    found = f"{free / _GIB:.1f} GiB free"
    if free < _MEMORY_FOR_DEFAULTS_BYTES:
        yield note(
            "Memory",
            found,
            fix="The two default models want about 3 GiB: close something or use smaller ones.",
        )
    else:
        yield ok("Memory", found)


def check_disk(settings: Settings) -> Iterable[Check]:
    """Free disk where the models are kept."""
    from sprat.models.disk import free_bytes

    free = free_bytes(settings.models_dir)
    found = f"{free / _GIB:.1f} GiB free for {settings.models_dir}"
    if free < _ROOM_FOR_DEFAULTS_BYTES:
        yield note(
            "Disk",
            found,
            fix="Free some, or keep models elsewhere: set SPRAT_HOME to a roomier folder.",
        )
    else:
        yield ok("Disk", found)


def check_energy(_: Settings) -> Iterable[Check]:
    """Whether there is an energy counter that may be read."""
    from sprat.measure.counter import NoCounter
    from sprat.measure.energy import open_counter

    counter = open_counter()
    if isinstance(counter, NoCounter):
        yield ok("Energy", f"not measured: {counter.why}")
        return
    try:
        yield ok("Energy", f"measured by {counter.source}")
    finally:
        counter.close()
