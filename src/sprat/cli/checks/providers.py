"""The execution providers that are installed, and whether those that plug in really start."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.engines.onnx.choice import installed_providers, start
from sprat.engines.onnx.providers import AUTO, checked, named, refuse_missing
from sprat.engines.onnx.report import Report
from sprat.errors import EngineError, EngineTimeout, UnsupportedRequest
from sprat.settings import Settings

LOOK_S = 4.0
"""How long the whole look may take: less than `every.PATIENCE_S`, so what was seen is kept."""
_LABEL = "Execution providers"


def check_providers(settings: Settings) -> Iterable[Check]:
    """The provider that the settings ask for is installed; those that plug in really start.

    Whatever is native is loaded in processes of its own: what crashes there is a finding.
    """
    ends_s = time.monotonic() + LOOK_S
    try:
        there = installed_providers(LOOK_S)
    except EngineTimeout as error:
        yield note(_LABEL, error.message, fix=error.fix or "")
        return
    except EngineError as error:
        yield fault(_LABEL, error.message, fix="pip install --force-reinstall onnxruntime")
        return
    yield _wanted(settings.onnx.provider, there)
    plugged = [name for name in there if named(name).plugin is not None]
    left_s = max(0.0, ends_s - time.monotonic())
    with ThreadPoolExecutor(max(1, len(plugged))) as side_by_side:
        begun = [side_by_side.submit(start, name, left_s) for name in plugged]
        for report in begun:
            yield _started(report.result(), settings.onnx.provider)


def _wanted(provider: str, there: tuple[str, ...]) -> Check:
    listed = ", ".join(there)
    try:
        name = checked(provider)
    except UnsupportedRequest as error:
        return fault(_LABEL, f"{listed}; but [onnx] provider is {provider!r}", fix=str(error.fix))
    if name in {AUTO, *there}:
        return ok(_LABEL, listed)
    missing = refuse_missing(named(name))
    return fault(_LABEL, f"{listed}; but {missing.message}", fix=str(missing.fix))


def _started(report: Report, wanted: str) -> Check:
    label = f"Provider {report.provider}"
    if report.outcome == "passed":
        return ok(label, f"starts; computes on: {report.device}")
    say = fault if _is(report.provider, wanted) else note
    return say(label, report.why, fix=report.fix or "Use --provider cpu.")


def _is(name: str, wanted: str) -> bool:
    try:
        return name == checked(wanted)
    except UnsupportedRequest:  # said by itself
        return False
