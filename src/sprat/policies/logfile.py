"""An outcome log on disk: gzipped lines of JSON, the first of them about all others.

The same log is the same bytes: lines are sorted, and nothing says when they were written.
"""

import gzip
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.policies.outcome import FORMAT, LoggedModel, LoggedSet, Outcome, OutcomeLog

MOST_BYTES = 1 << 30
"""Unpacked. 400 answers of 300 tokens take some 5 MB."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """The first line."""

    format: int
    models: tuple[LoggedModel, ...]
    sets: tuple[LoggedSet, ...] = ()
    created: str = ""
    environment: dict[str, Any] = {}


def write_log(log: OutcomeLog, path: Path) -> None:
    """Write a log, whole or not at all.

    Raises:
        RunError: a model answers a question twice, or the file cannot be written.
    """
    for name in {outcome.model for outcome in log.outcomes}:
        log.of(name)
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(_packed(log))
        unfinished.replace(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}.") from error


def read_log(path: Path) -> OutcomeLog:
    """Read a log.

    Raises:
        RunError: there is no such file, it is no outcome log, or one of a newer format.
    """
    lines = _unpacked(path).splitlines()
    if not lines:
        raise _no_log(path, "it is empty")
    try:
        head = msgspec.json.decode(lines[0], type=dict[str, Any])
        form = head["format"]
        if form != FORMAT:
            raise RunError(
                f"{path} is an outcome log of format {form}; this Sprat reads {FORMAT}.",
                fix="Take the Sprat that wrote it, or record the outcomes again.",
            )
        about = msgspec.convert(head, _Head)
        decoder = msgspec.json.Decoder(Outcome)
        outcomes = tuple(_sound(decoder.decode(line)) for line in lines[1:])
    except KeyError as error:
        raise _no_log(path, f"its first line has no {error}") from error
    except msgspec.MsgspecError as error:
        raise _no_log(path, str(error)) from error
    return OutcomeLog(
        models=about.models,
        sets=about.sets,
        created=about.created,
        environment=about.environment,
        outcomes=outcomes,
    )


def _packed(log: OutcomeLog) -> bytes:
    head = _Head(
        format=FORMAT,
        models=log.models,  # in their order, which says who is the small one
        sets=tuple(sorted(log.sets, key=lambda part: (part.name, part.sha256))),
        created=log.created,
        environment=log.environment,
    )
    ordered = sorted(log.outcomes, key=lambda outcome: (outcome.model, outcome.question))
    lines = [msgspec.json.encode(line, order="sorted") for line in (head, *ordered)]
    packed = BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(b"\n".join(lines) + b"\n")
    return packed.getvalue()


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise RunError(
            f"There is no outcome log {path}.", fix="Make one with: sprat runs export"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _no_log(path, str(error)) from error
    if len(content) > MOST_BYTES:
        raise _no_log(path, f"it unpacks to more than {MOST_BYTES} bytes")
    return content


def _sound(outcome: Outcome) -> Outcome:
    """Refuse columns of different lengths.

    Raises:
        ValidationError: they are.
    """
    every = [outcome.tokens, *(reading.tokens for reading in outcome.readings.values())]
    for tokens in every:
        if tokens is None:
            continue
        columns = (
            tokens.logprobs,
            tokens.margins or tokens.chars,
            tokens.entropies or tokens.chars,
        )
        if any(len(column) != len(tokens.chars) for column in columns):
            raise msgspec.ValidationError(f"the tokens of {outcome.question!r} do not fit together")
    return outcome


def _no_log(path: Path, why: str) -> RunError:
    return RunError(
        f"{path} is no outcome log: {why[:200]}.", fix="Make one with: sprat runs export"
    )
