"""Models into Foundry Local and out of it: this side of the errands."""

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import msgspec

from sprat.engines.foundry.public import require_network
from sprat.engines.foundry.registry import Registered, alias_of, find, forget, keep
from sprat.engines.foundry.wire import (
    Errand,
    Fetch,
    FromErrand,
    Held,
    Register,
    Unregister,
    Working,
)
from sprat.engines.worker.process import error_of
from sprat.engines.worker.wire import Fault
from sprat.errors import EngineDied, UnknownModel, UsageError
from sprat.models.names import GgufFile, HubFile, Local, OnnxFolder
from sprat.models.progress import Progress, silent
from sprat.settings import Settings

_COMMAND = (sys.executable, "-P", "-m", "sprat.engines.foundry.errand")
_decode = msgspec.json.Decoder[FromErrand](FromErrand).decode


def installed() -> bool:
    """Whether Foundry Local's SDK is; loads nothing of it."""
    return find_spec("foundry_local_sdk") is not None


def require_installed(what: str) -> None:
    """Refuse what needs the SDK.

    Raises:
        UsageError: it is not installed.
    """
    if not installed():
        raise UsageError(
            f"{what} needs Foundry Local, whose SDK is not installed.",
            fix="pip install 'sprat[foundry]', or set FOUNDRY_LOCAL_ENDPOINT to a running service.",
        )


def obtain(alias: str, settings: Settings, progress: Progress = silent) -> Registered:
    """The model of that alias: registered here, or fetched from the public catalogue.

    Raises:
        UnknownModel: neither here nor there.
        ModelError: it could not be fetched, or is damaged.
    """
    held = find(alias, settings)
    if held is not None:
        return held
    require_network(alias)
    settings.foundry_dir.mkdir(parents=True, exist_ok=True)
    done = _run(Fetch(str(settings.foundry_dir), alias), progress)
    made = Registered(
        alias=alias.lower(),
        id=done.id,
        folder=done.folder,
        source=alias,
        public=True,
        licence=done.licence,
    )
    keep(made, settings, progress)
    return made


def register(
    source: Local, settings: Settings, alias: str | None = None, progress: Progress = silent
) -> Registered:
    """Put a model of ours into the local catalogue: fetched and exported the first time.

    The folder is used where it lies; nothing is copied. The same model twice changes nothing;
    another one under the same alias takes its place.

    Raises:
        UsageError: no alias can be made of its name.
        ModelError: the weights cannot be had, or Foundry Local does not take them.
    """
    from sprat.models.ready import ensure

    name = alias_of(alias or _short(source))
    ready = ensure(source, settings, progress)
    made = Registered(
        alias=name,
        id=f"{name}-generic-cpu:1",
        folder=str(ready.folder.resolve()),
        source=_typed(source),
        weights_sha256=ready.weights_sha256,
        recipe=ready.recipe,
        licence=ready.licence,
    )
    _run(Register(str(settings.foundry_dir), made.id, made.folder), progress)
    keep(made, settings, progress)
    return made


def unregister(alias: str, settings: Settings, progress: Progress = silent) -> str:
    """Take a model out of the local catalogue, and return its alias. Its files stay.

    Raises:
        UnknownModel: there is none of that alias.
    """
    from sprat.engines.foundry.registry import registered

    name = alias.removeprefix("foundry:").lower()
    held = registered(settings).get(name)
    if held is None:
        there = ", ".join(registered(settings)) or "nothing"
        raise UnknownModel(
            f"No model {name!r} is registered in Foundry Local.", fix=f"Registered: {there}."
        )
    if not held.public:
        _run(Unregister(str(settings.foundry_dir), held.id), progress)
    forget(name, settings, progress)
    return name


def _short(source: Local) -> str:
    match source:
        case HubFile():
            return Path(source.file).stem
        case GgufFile():
            return source.path.stem
        case OnnxFolder():
            return source.path.resolve().name
        case _:
            return source.name


def _typed(source: Local) -> str:
    """What to type for it, wherever one is."""
    own = isinstance(source, GgufFile | OnnxFolder)
    return str(source.path.resolve()) if own else source.name


def _run(errand: Errand, progress: Progress) -> Held:
    """What an errand came to.

    Raises:
        SpratError: it failed.
        EngineDied: its process ended without a word.
    """
    command = [*_COMMAND, msgspec.json.encode(errand).decode()]
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile() as spoken,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=spoken) as process,
    ):
        try:
            return _heard(process, progress)
        except _Silent:
            process.wait()
            spoken.seek(0)
            lines = spoken.read().decode("utf-8", "replace").strip().splitlines()
            said = f" Its last words: {lines[-1][:300]}" if lines else ""
            raise EngineDied(
                f"Foundry Local's process ended (exit status {process.returncode}).{said}",
                fix="See what is wrong with: sprat doctor",
            ) from None
        finally:
            process.kill()


class _Silent(Exception):
    """The process ended without saying what came of its errand."""


def _heard(process: "subprocess.Popen[bytes]", progress: Progress) -> Held:
    for line in process.stdout or ():
        match _decode(line):
            case Working() as at:
                progress(at.stage, at.done, at.total)
            case Fault() as fault:
                raise error_of(fault)
            case Held() as held:
                return held
            case _:
                break
    raise _Silent
