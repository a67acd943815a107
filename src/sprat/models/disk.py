"""What is on disk: one folder per model, written so that half of anything is never taken for all.

models_dir/<name>/weights.gguf     the verified weights (model.onnx of an embedding model)
models_dir/<name>/model.json       written last: says that the weights are whole, and what they are
models_dir/<name>/*.partial        a download that can be resumed
exports_dir/<sha256>-<recipe>/     the ONNX folder made from weights with that hash
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sprat.errors import DiskFull, ModelError
from sprat.models.catalog import WEIGHTS
from sprat.models.progress import Progress, megabytes, remark
from sprat.settings import Settings

RECORD = "model.json"
CHUNK_BYTES = 1 << 20
SPARE_BYTES = 16 << 20
"""Left free beyond what a download needs, so that other programs can still write."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the weights beside it are. It exists only when they are whole and verified."""

    name: str
    title: str
    bytes: int
    sha256: str
    licence: str | None
    source: str
    """Where the bytes came from, in words."""
    revision: str | None = None
    """The hub's commit, when they came from there."""
    pulled: str = ""
    """ISO 8601, UTC."""
    file: str = WEIGHTS
    """What the weights are called."""
    beside: dict[str, int] = {}
    """Every other file of the model, and its size in bytes."""

    @property
    def sizes(self) -> dict[str, int]:
        """Every file of the model, and its size in bytes."""
        return {self.file: self.bytes, **self.beside}


def safe_name(name: str) -> str:
    """A folder name that every system allows; different model names get different ones."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "--", name).strip("-.")[:80]
    if plain == name:
        return name
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def model_folder(settings: Settings, name: str) -> Path:
    """Where a model of that name is kept."""
    return settings.models_dir / safe_name(name)


def export_folder(settings: Settings, sha256: str, recipe: str) -> Path:
    """Where the ONNX folder of weights with this hash is kept."""
    return settings.exports_dir / f"{sha256[:16]}-{safe_name(recipe)}"


def read_record(folder: Path) -> Record | None:
    """The record of a model that is wholly on disk, else None."""
    try:
        record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Record)
        return record if _is_whole(folder, record) else None
    except (OSError, msgspec.DecodeError):
        return None


def _is_whole(folder: Path, record: Record) -> bool:
    return all((folder / file).stat().st_size == size for file, size in record.sizes.items())


def write_record(folder: Path, record: Record) -> Record:
    """Say that the weights in `folder` are whole; returns the record as written."""
    stamped = msgspec.structs.replace(
        record, pulled=datetime.now(UTC).isoformat(timespec="seconds")
    )
    write_whole(folder / RECORD, msgspec.json.format(msgspec.json.encode(stamped), indent=2))
    return stamped


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file so that a reader sees the old one or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as out:
        out.write(data)
        sync(out.fileno())
    temporary.replace(path)


def sync(file: int) -> None:
    """Put a file's bytes on the disk before something else says that they are there."""
    os.fsync(file)


def sha256_of(path: Path, report: Callable[[int], None] = lambda _: None) -> str:
    """The SHA-256 of a file; `report` hears how many bytes were read so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            report(done)
    return digest.hexdigest()


def free_bytes(folder: Path) -> int:
    """Free space on the disk that `folder` is, or would be, on."""
    return shutil.disk_usage(nearest_existing(folder)).free


def nearest_existing(path: Path) -> Path:
    """`path`, or the first folder above it that is there."""
    return next((place for place in (path, *path.parents) if place.exists()), path)


def require_room(folder: Path, needed_bytes: int, what: str) -> None:
    """Check the free space before writing.

    Raises:
        DiskFull: with what is needed and what is free.
    """
    free = free_bytes(folder)
    if free < needed_bytes + SPARE_BYTES:
        raise disk_full(folder, what, needed_bytes + SPARE_BYTES, free)


def disk_full(folder: Path, what: str, needed_bytes: int, free: int) -> DiskFull:
    """The one wording for too little room."""
    return DiskFull(
        f"{what} needs {megabytes(needed_bytes)} ({needed_bytes} bytes) in {folder}, "
        f"and {megabytes(free)} ({free} bytes) are free.",
        fix="Free some (sprat models list, sprat models remove NAME), or set SPRAT_HOME to a "
        "roomier folder.",
    )


@contextlib.contextmanager
def explained(what: str, folder: Path, needed_bytes: int = 0) -> Generator[None]:
    """Say what the system refused while writing below `folder`, in one line.

    Raises:
        DiskFull: the disk filled up in spite of the check before.
        ModelError: anything else that a file system can refuse.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(folder, what, needed_bytes, free_bytes(folder)) from error
        where, why = error.filename or folder, error.strerror or type(error).__name__
        raise ModelError(
            f"{what} failed at {where}: {why.lower()}.",
            fix="Allow it, or set SPRAT_HOME to a folder that can be written.",
        ) from error


@contextlib.contextmanager
def becoming(out: Path) -> Generator[Path]:
    """A sibling folder that takes the name `out` at the end: a folder of that name is whole.

    Where the block raises, nothing is left.
    """
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: Path, waiting: str, progress: Progress) -> Generator[None]:
    """Hold the lock beside `folder`; says `waiting` when somebody alive has it."""
    from filelock import FileLock, Timeout

    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.parent / f".{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        remark(progress, waiting)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def size_bytes(path: Path) -> int:
    """What a file, or everything below a folder, takes; 0 when it is not there."""
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def delete(folder: Path) -> int:
    """Delete a folder, its record first so that what is left is never taken for a model.

    Returns:
        The bytes freed.

    Raises:
        ModelError: a file is in use or may not be deleted.
    """
    freed = size_bytes(folder)
    try:
        (folder / RECORD).unlink(missing_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be deleted: {error.strerror}.",
            fix="Close the program that uses it, then try again.",
        ) from error
    return freed
