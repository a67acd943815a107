"""A source → a folder that can be loaded: pulled, verified and exported as needed."""

import shutil
from pathlib import Path

import msgspec

from sprat.errors import BadWeights
from sprat.models.catalog import CatalogModel, Task, catalog
from sprat.models.disk import (
    Record,
    delete,
    explained,
    export_folder,
    locked,
    model_folder,
    read_record,
    sha256_of,
    size_bytes,
    write_whole,
)
from sprat.models.fetch import pull
from sprat.models.names import GgufFile, HubFile, Local, OnnxFolder, Source
from sprat.models.progress import Progress, silent
from sprat.settings import Settings

_HASHES = "hashes.json"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A model that can be loaded. None: not known for this kind of source."""

    folder: Path
    """Holds `genai_config.json`; of an embedding model `model.onnx` and `tokenizer.json`."""
    name: str
    gguf: Path | None = None
    """The weights that it was exported from."""
    weights_sha256: str | None = None
    recipe: str | None = None
    """How it was exported: `sprat.models.export.RECIPE`."""
    licence: str | None = None


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """A verified GGUF file."""

    path: Path
    sha256: str
    licence: str | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A model of the catalogue, or one pulled from the hub by its own name."""

    name: str
    title: str
    licence: str | None
    task: Task
    bytes: int | None
    """The size of its files."""
    on_disk: bool
    exported: bool
    """Whether it can be loaded as it lies; an embedding model needs no export."""
    disk_bytes: int
    """What it takes now: weights, export, unfinished download."""
    where: str
    """`registry`, `hub` or `foundry`: the first place it comes from."""


def ensure(source: Local, settings: Settings, progress: Progress = silent) -> Ready:
    """Make `source` loadable: pull and export it the first time; without network afterwards.

    Raises:
        ModelError: it could not be fetched, verified, read or exported.
    """
    if isinstance(source, OnnxFolder):
        return Ready(folder=source.path, name=source.name)
    if isinstance(source, CatalogModel) and source.task == "embedding":
        return _as_pulled(source, settings, progress)
    from sprat.models.export import RECIPE

    weights = ensure_weights(source, settings, progress)
    folder = export_folder(settings, weights.sha256, RECIPE)
    if not is_exported(folder):
        _export(weights, folder, source.name, progress)
    return Ready(
        folder=folder,
        name=source.name,
        gguf=weights.path,
        weights_sha256=weights.sha256,
        recipe=RECIPE,
        licence=weights.licence,
    )


def _as_pulled(model: CatalogModel, settings: Settings, progress: Progress) -> Ready:
    """A model that is run as it comes."""
    record = pull(model, settings, progress=progress)
    return Ready(
        folder=model_folder(settings, model.name),
        name=model.name,
        weights_sha256=record.sha256,
        licence=record.licence,
    )


def ensure_weights(
    source: CatalogModel | HubFile | GgufFile, settings: Settings, progress: Progress = silent
) -> Weights:
    """The GGUF file of `source`, pulled when it is not on disk.

    Raises:
        ModelError: it could not be fetched or verified.
    """
    if isinstance(source, GgufFile):
        return Weights(
            path=source.path.absolute(), sha256=_hash_of(source.path, settings, progress)
        )
    model = source.as_model() if isinstance(source, HubFile) else source
    record = pull(model, settings, progress=progress)
    path = model_folder(settings, model.name) / record.file
    return Weights(path=path, sha256=record.sha256, licence=record.licence)


def is_exported(folder: Path) -> bool:
    """Whether an export is whole: it appears under its final name only when it is."""
    return (folder / "genai_config.json").is_file()


def _export(weights: Weights, folder: Path, name: str, progress: Progress) -> None:
    from sprat.models.export import export

    waiting = f"Another sprat is exporting {name}; waiting for it."
    with explained(f"Exporting {name}", folder), locked(folder, waiting, progress):
        _clear_halves(folder)
        if not is_exported(folder):
            stage = f"{name}: exporting to ONNX"
            export(weights.path, folder, progress=lambda done, of: progress(stage, done, of))


def _clear_halves(folder: Path) -> None:
    """Delete what exports that were killed left behind; the lock says that none is running."""
    for half in folder.parent.glob(f".{folder.name}.*.part"):
        shutil.rmtree(half, ignore_errors=True)


class _Seen(msgspec.Struct, frozen=True):
    """A file that was hashed before: the same size and time mean the same bytes."""

    bytes: int
    mtime_ns: int
    sha256: str


def _hash_of(path: Path, settings: Settings, progress: Progress) -> str:
    """The SHA-256 of the user's own file, computed once and remembered."""
    file, key, status = settings.exports_dir / _HASHES, str(path.resolve()), path.stat()
    seen = _read_hashes(file)
    known = seen.get(key)
    if known and (known.bytes, known.mtime_ns) == (status.st_size, status.st_mtime_ns):
        return known.sha256
    _check_magic(path)
    sha256 = sha256_of(path, lambda n: progress(f"{path.name}: reading", n, status.st_size))
    seen[key] = _Seen(status.st_size, status.st_mtime_ns, sha256)
    write_whole(file, msgspec.json.encode(seen))
    return sha256


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        first = file.read(4)
    if first != b"GGUF":
        raise BadWeights(
            f"{path} is no GGUF file: it begins with {first!r}.", fix="Give a file of GGUF weights."
        )


def _read_hashes(file: Path) -> dict[str, _Seen]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, _Seen])
    except (OSError, msgspec.DecodeError):
        return {}


def known(settings: Settings) -> list[Known]:
    """The catalogue in its order, then models pulled from the hub by their own name."""
    own = [r for r in _records(settings) if r.name not in catalog()]
    return [describe(m, settings) for m in catalog().values()] + [_own(r, settings) for r in own]


def describe(model: CatalogModel, settings: Settings) -> Known:
    """What is known about `model` here."""
    record = read_record(model_folder(settings, model.name))
    return Known(
        name=model.name,
        title=model.title,
        licence=model.licence,
        task=model.task,
        bytes=model.all_bytes or (record.bytes if record else None),
        on_disk=record is not None,
        exported=_loadable(model, record, settings),
        disk_bytes=sum(size_bytes(f) for f in folders_of(model.name, settings)),
        where=str(model.sources[0].__struct_config__.tag),
    )


def _loadable(model: CatalogModel, record: Record | None, settings: Settings) -> bool:
    if model.task == "embedding":
        return record is not None
    return any(is_exported(folder) for folder in exports_of(record, settings))


def _own(record: Record, settings: Settings) -> Known:
    exports = exports_of(record, settings)
    return Known(
        name=record.name,
        title=record.title,
        licence=record.licence,
        task="chat",
        bytes=record.bytes,
        on_disk=True,
        exported=any(is_exported(f) for f in exports),
        disk_bytes=sum(size_bytes(f) for f in folders_of(record.name, settings)),
        where="hub",
    )


def _records(settings: Settings) -> list[Record]:
    found = (read_record(folder) for folder in sorted(settings.models_dir.glob("*/")))
    return [record for record in found if record]


def exports_of(record: Record | None, settings: Settings) -> list[Path]:
    """Every ONNX folder made from these weights, whatever the recipe."""
    return _exports(record.sha256, settings) if record else []


def _exports(sha256: str, settings: Settings) -> list[Path]:
    return sorted(settings.exports_dir.glob(f"{sha256[:16]}-*/"))


def folders_of(name: str, settings: Settings) -> list[Path]:
    """Everything on disk that belongs to a model."""
    folder = model_folder(settings, name)
    return [folder, *exports_of(read_record(folder), settings)]


def remove(source: Source, settings: Settings, progress: Progress = silent) -> int:
    """Delete what Sprat keeps of a model: weights, exports, unfinished downloads.

    The user's own files stay; only what was made from them goes.

    Returns:
        The bytes freed; 0 when nothing was there.

    Raises:
        ModelError: a file is in use.
    """
    if isinstance(source, GgufFile):
        return sum(map(delete, _exports(_hash_of(source.path, settings, progress), settings)))
    if not isinstance(source, CatalogModel | HubFile):
        return 0
    folder = model_folder(settings, source.name)
    if not folder.exists():
        return 0
    with locked(folder, f"Another sprat is fetching {source.name}; waiting for it.", progress):
        return sum(map(delete, reversed(folders_of(source.name, settings))))
