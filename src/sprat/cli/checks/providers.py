"""The execution providers that are installed, and whether those that plug in really start."""

from collections.abc import Iterable

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.engines.onnx.choice import installed_providers, start
from sprat.engines.onnx.providers import AUTO, checked, named, refuse_missing
from sprat.errors import EngineError, UnsupportedRequest
from sprat.settings import Settings

START_S = 3.0
"""How long a plug-in may take to start."""
_LABEL = "Execution providers"


def check_providers(settings: Settings) -> Iterable[Check]:
    """The provider that the settings ask for is installed; those that plug in really start.

    Whatever is native is loaded in processes of its own: what crashes there is a finding.
    """
    try:
        there = installed_providers()
    except EngineError as error:
        yield fault(_LABEL, error.message, fix="pip install --force-reinstall onnxruntime")
        return
    yield _wanted(settings.onnx.provider, there)
    for name in there:
        if named(name).plugin is not None:
            yield _started(name, settings.onnx.provider)


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


def _started(name: str, wanted: str) -> Check:
    report, label = start(name, START_S), f"Provider {name}"
    if report.outcome == "passed":
        return ok(label, f"starts; computes on: {report.device}")
    say = fault if named(name).name == wanted.lower() else note
    return say(label, report.why, fix=report.fix or "Use --provider cpu.")
