"""What Foundry Local holds here, as the gateway serves it. Clients are told no path of it."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from sprat.engines.foundry.catalogue import installed
from sprat.engines.foundry.registry import Registered, find, registered
from sprat.engines.onnx.folder import CONFIG, read_folder
from sprat.errors import ModelError, UnknownModel
from sprat.models.disk import size_bytes
from sprat.settings import Settings

FOUNDRY = "foundry:"
_CACHE_BYTES = 4
"""Of a number in the cache: floats. A folder for graphics cards may have half of that."""


def held(alias: str, settings: Settings) -> Registered | None:
    """The model of that alias or identifier; None when there is none, or no SDK to run it.

    Raises:
        UnknownModel: it was put there, and its folder is gone.
    """
    if not installed():
        return None
    try:
        return find(alias, settings)
    except ModelError as error:
        raise UnknownModel(
            f"{FOUNDRY}{alias} was in Foundry Local here, and its files cannot be read any more.",
            fix="Register it again: sprat foundry register NAME",
        ) from error


def usable(alias: str, settings: Settings) -> Registered | None:
    """As `held`; None too where its files are gone."""
    with suppress(UnknownModel):
        return held(alias, settings)
    return None


def all_held(settings: Settings) -> list[Registered]:
    """Every such model; a list that cannot be read is said to whoever asks for one of them."""
    with suppress(ModelError):
        return list(registered(settings).values()) if installed() else []
    return []


def need_bytes(model: Registered) -> int:
    """About what it takes once loaded; 0 when its files are gone.

    Half as much again as the weights, for what the runtime packs anew, and the keys and values of
    the whole context, which it takes at once.
    """
    try:
        written_ns = (Path(model.folder) / CONFIG).stat().st_mtime_ns
    except OSError:
        return size_bytes(Path(model.folder)) * 3 // 2
    return _counted(Path(model.folder), written_ns)


@lru_cache(maxsize=64)
def _counted(folder: Path, written_ns: int) -> int:  # noqa: ARG001 - another folder at that path
    weights_bytes = size_bytes(folder) * 3 // 2
    try:
        shape = read_folder(folder)
    except ModelError:  # not a shape that we know; the runtime may
        return weights_bytes
    numbers = 2 * shape.layers * shape.kv_heads * shape.head_size * shape.context_tokens
    return weights_bytes + numbers * _CACHE_BYTES
