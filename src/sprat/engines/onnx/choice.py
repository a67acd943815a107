"""Which provider a model is run with: each is tried on the model before it is used.

What may crash or hang is tried in a process of its own (`trial`), which remembers comparisons; that
it crashed or hung is remembered here.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sprat.engines.onnx.providers import AUTO, CPU, DIED_FIX, checked
from sprat.engines.onnx.report import LIMIT_S, Options, Report, failed_at, keep, recall
from sprat.engines.worker.keeper import physical_cores
from sprat.errors import EngineDied, EngineError, EngineTimeout, SpratError, UnsupportedRequest
from sprat.models.progress import Progress, remark, silent
from sprat.settings import Settings

SILENT_S = 2.0
"""A trial that is remembered takes less."""
INSTALLED_S = 60.0
"""ONNX Runtime is loaded in less, on the slowest disk."""
LEAST_SHARE = 0.5
"""A provider that leaves more than half of the operators to the processor speeds up little."""
_FROM_OUTSIDE = {-9, -15}
"""Exit statuses of what a user, a shutdown or the system for want of memory ended: no fault of the
provider's that would come again."""
_SETTLED: dict[Options, str] = {}
"""What was found in this process: a study asks again for what its model was opened with."""


def settle(folder: Path, settings: Settings, progress: Progress = silent) -> str:
    """The provider of `[onnx] provider`, tried on this folder; for `auto` the first that passes.

    Blocks while it tries: once for each folder, provider, version and device.

    Raises:
        UnsupportedRequest: no provider of that name, or not installed.
        EngineError: it is installed and cannot be used.
    """
    wanted = checked(settings.onnx.provider)
    if wanted == CPU.name:
        return wanted
    options = _options(folder, settings)
    name = _best(options, progress) if wanted == AUTO else _asked_for(options, progress)
    _SETTLED[options] = name
    return name


def settled(folder: Path, settings: Settings) -> str:
    """What `settle` came to last in this process; settles it where nobody has.

    Raises:
        SpratError: as `settle`.
    """
    wanted = checked(settings.onnx.provider)
    known = wanted if wanted == CPU.name else _SETTLED.get(_options(folder, settings))
    return known or settle(folder, settings)


def try_on(folder: Path, provider: str, settings: Settings, progress: Progress = silent) -> Report:
    """How a provider does on a folder, held against the processor; remembered.

    Raises:
        UnsupportedRequest: there is no provider of that name.
    """
    options = _options(folder, settings)
    return _run(msgspec.structs.replace(options, provider=checked(provider)), progress)


def start(provider: str, within_s: float) -> Report:
    """Whether an installed provider starts and finds a device, without any model.

    Raises:
        UnsupportedRequest: there is no provider of that name.
    """
    report = _within(within_s, Options(provider=checked(provider)))
    if report is None:
        why = f"it did not start within {within_s:.1f} seconds."
        return Report(provider=checked(provider), outcome="slow", why=why, fix=DIED_FIX)
    return report


def installed_providers(within_s: float = INSTALLED_S) -> tuple[str, ...]:
    """Names of the providers that could be asked for here, best first; none is tried.

    Raises:
        EngineTimeout: ONNX Runtime takes longer than that to be loaded.
        EngineError: ONNX Runtime itself cannot be loaded.
    """
    report = _within(within_s, Options())
    if report is None:
        line = f"ONNX Runtime was not loaded within {within_s:.1f} seconds."
        raise EngineTimeout(line, fix="Try again when the machine is less busy.")
    if report.outcome != "passed":
        raise EngineError(report.why, fix="Install it anew: pip install onnxruntime")
    return report.installed


def _options(folder: Path, settings: Settings) -> Options:
    return Options(
        folder=str(folder.absolute()),
        provider=checked(settings.onnx.provider),
        threads=settings.onnx.threads or physical_cores(),
        remembered=str(settings.trials_dir),
    )


def _best(options: Options, progress: Progress) -> str:
    for name in installed_providers():
        if name == CPU.name:
            break
        wanted = msgspec.structs.replace(options, provider=name, hardware_only=True)
        report = _run(wanted, progress)
        against = _objection(report)
        if against is None:
            remark(progress, f"auto: {name} is used: {report.why}.")
            return name
        remark(progress, f"auto: {name} is not used: {against}")
    return CPU.name


def _asked_for(options: Options, progress: Progress) -> str:
    report = _run(options, progress)
    if report.outcome in {"missing", "refused", "died"}:
        raise _error(report)
    if report.outcome != "passed":
        line = f"{report.provider} is used as you wish, but {report.why}."
        remark(progress, f"{line} Its answers may not be this model's.")
    return report.provider


def _objection(report: Report) -> str | None:
    """Why `auto` does not take it; None when it does."""
    if report.outcome != "passed":
        return report.why
    if report.share is not None and report.share < LEAST_SHARE:
        return f"it computes only {report.share:.0%} of the graph's operators."
    return None


def _error(report: Report) -> SpratError:
    kinds = {"missing": UnsupportedRequest, "died": EngineDied}
    return kinds.get(report.outcome, EngineError)(report.why, fix=report.fix)


def _run(options: Options, progress: Progress) -> Report:
    file = failed_at(options)
    if before := recall(file):
        return before
    report, code = _tried(options, progress)
    if report.outcome not in {"slow", "died"}:  # what it says itself it keeps itself
        return report
    if report.outcome == "died" and code in _FROM_OUTSIDE:
        return report
    again = f"to try it again, delete {file.name} in {file.parent.name}/ of Sprat's folder"
    keep(file, msgspec.structs.replace(report, why=f"{report.why} (remembered: {again})"))
    return report


def _tried(options: Options, progress: Progress) -> tuple[Report, int | None]:
    """How it went, and the exit status; None for a trial that had to be given up."""
    name = options.provider
    with _trying(options) as process:
        try:
            out, said = process.communicate(timeout=SILENT_S)
        except subprocess.TimeoutExpired:
            remark(progress, f"Trying {name} against the processor; this is remembered …")
            try:
                out, said = process.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                why = f"it did not finish a page of text in {LIMIT_S:.0f} seconds"
                return Report(provider=name, outcome="slow", why=why), None
    return _told(process, name, out, said), process.returncode


def _within(seconds: float, options: Options) -> Report | None:
    """What a trial says; None when it says nothing for so long."""
    with _trying(options) as process:
        try:
            out, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
    return _told(process, options.provider, out, said)


@contextmanager
def _trying(options: Options) -> Generator["subprocess.Popen[bytes]"]:
    """A trial; it ends when its standard input does, which the system closes if this one dies."""
    command = [sys.executable, "-P", "-m", "sprat.engines.onnx.trial"]
    command.append(msgspec.json.encode(options).decode())
    pipe = subprocess.PIPE
    theirs, ours = os.pipe()  # not PIPE: `communicate` would close that at once
    try:
        with subprocess.Popen(command, stdin=theirs, stdout=pipe, stderr=pipe) as process:
            try:
                yield process
            finally:
                process.kill()  # does nothing to one that has ended
    finally:
        os.close(theirs)
        os.close(ours)


def _told(process: "subprocess.Popen[bytes]", name: str, out: bytes, said: bytes) -> Report:
    try:
        return msgspec.json.decode(out, type=Report)
    except msgspec.MsgspecError:
        return _died(name, process.returncode, said)


def _died(name: str, code: int, said: bytes) -> Report:
    words = said.decode("utf-8", "replace").strip().splitlines()
    last = f" Its last words: {words[-1][:300]}" if words else ""
    what = f"The execution provider {name}" if name else "ONNX Runtime"
    return Report(
        provider=name,
        outcome="died",
        why=f"{what} ended the process that tried it (exit status {code}).{last}",
        fix=DIED_FIX,
    )
