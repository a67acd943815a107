"""What every file of questions is first: a bounded text, one JSON document or lines of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from sprat.questions.rows import fault, seen
from sprat.questions.scorers.base import Json

MAX_FILE_BYTES = 64 * 2**20


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        QuestionError: it cannot be read, is too large, or no UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise fault(path.name, f"{size} bytes", f"At most {MAX_FILE_BYTES} are read.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise fault(str(path), what, "Check the path and its permissions.") from error
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is no UTF-8"
        raise fault(path.name, what, "Save the file as UTF-8.") from error


def whole(text: str) -> Json:
    """The value of a file that is one JSON document; None when it is not."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def json_lines(text: str, name: str) -> Iterator[tuple[str, Any]]:
    """The place and the value of each line that is not empty.

    Raises:
        QuestionError: a line is no JSON.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            yield where, msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            what = f"{seen(line.strip())} is no JSON ({error})"
            raise fault(where, what, "One JSON object a line.") from error
