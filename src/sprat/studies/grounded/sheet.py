"""What one model made of one question when nothing held it back: what a gate is learned from.

A line a row, appended as it comes, so that a stopped recording goes on where it was.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from sprat.errors import RunError


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question answered once by one model, by the gate's form but without the gate."""

    question: str
    """Its id, which says nothing beyond its own file: `asked` tells which question it was."""
    asked: str = ""
    """`question.digest_of` it; empty: recorded before there was one, and not known to be of it."""
    unanswerable: bool
    group: str = ""
    """Questions of one group are not independent of each other."""
    side: str
    """`small`, `large`, or `plain …`: asked for the answer alone, whatever form the gate has."""
    model: str
    gave_up: bool = False
    """It said that the documents do not say."""
    right: bool = False
    """Were it given: whether that would be right. Of an unanswerable question never."""
    score: float = 0.0
    """Were it given: its token F1; of an unanswerable question 0."""
    text: str = ""
    features: dict[str, float] = {}
    seconds: float = 0.0
    """Of this model's reading and writing; the retrieval is not in it."""
    retrieve_s: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    error: str | None = None
    """There was no answer."""

    @property
    def answers(self) -> bool:
        """Whether there is an answer that could be given."""
        return self.error is None and not self.gave_up


def read_rows(path: Path) -> list[Row]:
    """The rows of a sheet; a last line that was cut off is left out. Empty where there is none.

    Raises:
        RunError: it is no sheet.
    """
    if not path.exists():
        return []
    rows: list[Row] = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                rows.append(msgspec.json.decode(line, type=Row))
        except msgspec.DecodeError as error:
            if number == len(lines):  # the last one, without its end: a kill came between
                break
            raise RunError(
                f"{path} is no sheet of answers: line {number}: {error}", fix="Name another file."
            ) from error
    return rows


def append_row(path: Path, row: Row) -> None:
    """Keep one row, at once. What a kill left of the one before is cut off first.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        _mend(file)
        file.write(msgspec.json.encode(row) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _mend(file: BinaryIO) -> None:
    """Cut off a last line that has no end."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    file.seek(max(0, size - 2**20))
    tail: bytes = file.read()
    if not tail.endswith(b"\n"):
        file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def side_of(rows: Sequence[Row], side: str) -> dict[str, Row]:
    """The rows of one side by question."""
    return {row.question: row for row in rows if row.side == side}
