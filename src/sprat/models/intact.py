"""Whether what is on disk is what was once verified there: for `sprat doctor`."""

from pathlib import Path

import msgspec

from sprat.models.catalog import catalog
from sprat.models.disk import RECORD, Record, sha256_of
from sprat.models.progress import Progress, silent

CHEAP_BYTES = 256 << 20
"""A file up to this size is hashed in under a second."""


class _Decoder(msgspec.Struct):
    filename: str


class _Model(msgspec.Struct):
    decoder: _Decoder


class _Config(msgspec.Struct):
    model: _Model


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a model on disk."""

    what: str
    repaired_by_pull: bool = False
    """Whether a pull sees it by itself; otherwise the model must be removed first."""


def damage_of_weights(
    folder: Path, *, deep: bool = False, progress: Progress = silent
) -> Damage | None:
    """What is wrong with a model's folder; None when nothing is.

    The sizes of all files, and the SHA-256 of the weights where that is cheap or `deep`.
    """
    try:
        record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError) as error:
        return Damage(what=f"{RECORD} cannot be read: {error}", repaired_by_pull=True)
    for file, size in record.sizes.items():
        if (found := _size(folder / file)) != size:
            has = "is missing" if found is None else f"has {found:,} bytes"
            return Damage(what=f"{file} {has}, not {size:,}", repaired_by_pull=True)
    return _damage_of_bytes(folder, record, deep, progress)


def _damage_of_bytes(folder: Path, record: Record, deep: bool, progress: Progress) -> Damage | None:
    for file, size in record.sizes.items():
        wanted = _promised(record, file)
        if wanted is None or not (deep or size <= CHEAP_BYTES):
            continue
        stage = f"{record.name}: hashing {file}"
        seen = sha256_of(folder / file, lambda done, s=stage, of=size: progress(s, done, of))
        if seen != wanted:
            return Damage(what=f"{file} has SHA-256 {seen[:12]}…, not {wanted[:12]}…")
    return None


def _promised(record: Record, file: str) -> str | None:
    """The SHA-256 that a file must have; None where none is known."""
    if file == record.file:
        return record.sha256
    model = catalog().get(record.name)
    return next((one.sha256 for one in (model.beside if model else ()) if one.file == file), None)


def damage_of_export(folder: Path) -> str | None:
    """What is wrong with an ONNX folder; None when all that it names is there in full."""
    try:
        config = msgspec.json.decode((folder / "genai_config.json").read_bytes(), type=_Config)
        msgspec.json.decode((folder / "tokenizer.json").read_bytes())
    except OSError as error:
        return f"{Path(str(error.filename)).name} cannot be read"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"genai_config.json or tokenizer.json is damaged ({error})"
    graph = folder / config.model.decoder.filename
    return f"{graph.name} is missing" if _size(graph) is None else _damage_of_graph(graph)


def _damage_of_graph(graph: Path) -> str | None:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.ModelProto.FromString(graph.read_bytes())
    except DecodeError:
        return f"{graph.name} is damaged"
    needed: dict[str, int] = {}
    for tensor in model.graph.initializer:
        outside = {entry.key: entry.value for entry in tensor.external_data}
        if outside:
            end = int(outside.get("offset", 0)) + int(outside.get("length", 0))
            needed[outside["location"]] = max(end, needed.get(outside["location"], 0))
    for file, size in needed.items():
        found = _size(graph.parent / file)
        if found is None or found < size:
            return f"{file} has {found or 0:,} bytes, not {size:,}"
    return None


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
