"""JSON files that are signed by hash: policies, and gates of documents."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any, cast

import msgspec

from sprat.errors import PolicyError

_MOST_BYTES = 16 * 1024 * 1024


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept in such a file."""

    name: str
    """`policy`, `gate`."""
    format: int
    """Which is read; later ones are refused."""
    missing: str
    """What to do where the file cannot be read."""
    made_by: str
    """What writes such files, as a sentence."""


def read(path: Path, kind: Kind) -> dict[str, Any]:
    """The fields in `path`, its signature not looked at yet.

    Raises:
        PolicyError: no such file; it is too large, no JSON object, or of a later format.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PolicyError(f"{path} is over {_MOST_BYTES} bytes: that is no {kind.name}.")
        data = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise PolicyError(f"{path} cannot be read: {error.strerror}.", fix=kind.missing) from error
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{path} is no JSON: {error}.", fix=kind.made_by) from error
    if not isinstance(data, dict):
        raise PolicyError(f"{path} is no {kind.name}: it holds no JSON object.", fix=kind.made_by)
    fields = cast("dict[str, Any]", data)
    _check_format(path, fields.get("format", kind.format), kind)
    return fields


def _check_format(path: Path, found: object, kind: Kind) -> None:
    if isinstance(found, int) and found > kind.format:
        raise PolicyError(
            f"{path} is of format {found}; this Sprat reads up to {kind.format}.",
            fix="Update Sprat, or calibrate again with this one.",
        )


def digest(data: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no white space) of everything but `sha256`."""
    rest = {key: value for key, value in data.items() if key != "sha256"}
    return hashlib.sha256(msgspec.json.encode(rest, order="sorted")).hexdigest()


def write(path: Path, signed: msgspec.Struct) -> None:
    """Write what was signed: all of the new file is there, or what was there before.

    Raises:
        PolicyError: the file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(signed), indent=2)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text + b"\n")
    except OSError as error:
        raise PolicyError(f"{path} cannot be written: {error.strerror}.") from error


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
