"""Which models Sprat has put into Foundry Local, or fetched with it: one small file.

The SDK keeps a list of its own, in a form of its own. This one says where each came from, can be
read without loading the native runtime, and is what the SDK's is made again from when it is lost.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import msgspec

from sprat.errors import BadWeights, UsageError
from sprat.models.disk import locked, write_whole
from sprat.models.progress import Progress, silent
from sprat.settings import Settings

_FILE = "registered.json"


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A model that Foundry Local can load. None: not known for this kind of model."""

    alias: str
    """What follows `foundry:` in its name."""
    id: str
    """Foundry Local's identifier: `NAME:VERSION`."""
    folder: str
    source: str
    """The model name that was registered; the alias, of a model of the public catalogue."""
    public: bool = False
    """Whether it came from Foundry Local's public catalogue."""
    weights_sha256: str | None = None
    recipe: str | None = None
    licence: str | None = None


def registered(settings: Settings) -> dict[str, Registered]:
    """Every such model, by alias; read again only when the file has changed.

    Raises:
        BadWeights: the file cannot be read.
    """
    file = settings.foundry_dir / _FILE
    try:
        stat = file.stat()
        models = _read(file, (stat.st_mtime_ns, stat.st_size, stat.st_ino))
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError as error:
        raise BadWeights(
            f"{file} cannot be read: {error}.",
            fix="Delete it, and register the models again: sprat foundry register NAME",
        ) from error
    return {model.alias: model for model in models}


@lru_cache(maxsize=4)
def _read(file: Path, version: tuple[int, ...]) -> list[Registered]:  # noqa: ARG001 - the key
    return msgspec.json.decode(file.read_bytes(), type=list[Registered])


def find(alias: str, settings: Settings) -> Registered | None:
    """The model of that alias or identifier; None when there is none.

    Raises:
        BadWeights: its folder is gone.
    """
    known = registered(settings)
    named = {model.id: model for model in known.values()} | known
    model = named.get(alias) or named.get(alias.lower())
    if model and not model.public and not (Path(model.folder) / "genai_config.json").is_file():
        raise BadWeights(
            f"foundry:{model.alias} was registered, but its folder is gone: {model.folder}.",
            fix=f"Register it again: sprat foundry register {model.source}",
        )
    return model


def keep(model: Registered, settings: Settings, progress: Progress = silent) -> None:
    """Note a model, in the place of one of the same alias."""
    _change(settings, progress, lambda known: known | {model.alias: model})


def forget(alias: str, settings: Settings, progress: Progress = silent) -> None:
    """Strike a model off."""
    _change(settings, progress, lambda known: {k: m for k, m in known.items() if k != alias})


def alias_of(text: str) -> str:
    """`text` as an alias: lower case, letters, digits, points, dashes.

    Raises:
        UsageError: nothing is left of it.
    """
    alias = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")
    if not alias:
        raise UsageError(f"{text!r} makes no alias.", fix="Name one: --as my-model")
    return alias


def _change(
    settings: Settings,
    progress: Progress,
    change: Callable[[dict[str, Registered]], dict[str, Registered]],
) -> None:
    home = settings.foundry_dir
    waiting = "Another sprat is registering a model; waiting for it."
    with locked(home, waiting, progress):
        models = list(change(registered(settings)).values())
        write_whole(home / _FILE, msgspec.json.format(msgspec.json.encode(models), indent=2))
