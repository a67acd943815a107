"""A gate's file: read, checked, signed by hash, written, as a policy's is."""

from pathlib import Path
from typing import Any, cast

import msgspec

from sprat.errors import PolicyError
from sprat.policies.file import digest
from sprat.policies.file import replace as replace_file
from sprat.rag.gate import FORMAT, Gate

_MOST_BYTES = 16 * 1024 * 1024


def read_gate(path: Path) -> Gate:
    """The gate in `path`.

    Raises:
        PolicyError: no such file; it is no gate; it was edited after it was signed.
    """
    data = _read(path)
    found = data.get("format", FORMAT)
    if isinstance(found, int) and found > FORMAT:
        raise PolicyError(
            f"{path} is of format {found}; this Sprat reads up to {FORMAT}.",
            fix="Update Sprat, or calibrate again with this one.",
        )
    try:
        gate = msgspec.convert(data, Gate)
        check(gate)
    except (msgspec.ValidationError, PolicyError) as error:
        said = str(error).rstrip(".")
        fix = "sprat calibrate --docs writes such files; their fields: docs/rag.md."
        raise PolicyError(f"{path} is no gate: {said}.", fix=fix) from error
    if gate.sha256 != digest(data):
        raise PolicyError(
            f"{path} was edited after it was signed.", fix="Calibrate again: sprat calibrate --docs"
        )
    return gate


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PolicyError(f"{path} is over {_MOST_BYTES} bytes: that is no gate.")
        data = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        fix = "Name a file that sprat calibrate --docs wrote, or leave --gate out."
        raise PolicyError(f"{path} cannot be read: {error.strerror}.", fix=fix) from error
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{path} is no gate: it is no JSON ({error}).") from error
    if not isinstance(data, dict):
        raise PolicyError(f"{path} is no gate: it holds no JSON object.")
    return cast("dict[str, Any]", data)


def check(gate: Gate) -> None:
    """Refuse what the types alone let through.

    Raises:
        PolicyError: a confidence that cannot be computed.
    """
    for which, side in (("small", gate.small), ("large", gate.large)):
        if (logistic := side.logistic) is None:
            continue
        sizes = {len(logistic.features), len(logistic.centres), len(logistic.scales)}
        if sizes != {len(logistic.weights)}:
            raise PolicyError(f"{which}.logistic: its lists are not of one length")
        if not all(logistic.scales):
            raise PolicyError(f"{which}.logistic: a scale is zero")


def signed(gate: Gate) -> Gate:
    """The same, with the hash of what it says now."""
    return msgspec.structs.replace(gate, sha256=digest(msgspec.to_builtins(gate)))


def write_gate(gate: Gate, path: Path) -> None:
    """Sign and write it: all of the new file is there, or what was there before.

    Raises:
        PolicyError: it makes no sense, or the file cannot be written.
    """
    check(gate)
    text = msgspec.json.format(msgspec.json.encode(signed(gate)), indent=2)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text + b"\n")
    except OSError as error:
        raise PolicyError(f"{path} cannot be written: {error.strerror}.") from error
