"""Where results go: files are written whole or not at all, `-` is standard output."""

import errno
import secrets
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from sprat.errors import SpratError, UsageError


class CannotWrite(SpratError):
    """A result could not be written where it was to go."""


def write_json(value: object, target: str) -> None:
    """Write `value` as indented JSON to a file, or to standard output for `-`.

    Raises:
        CannotWrite: the file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode() + "\n"
    write_text(text, target)


def write_text(text: str, target: str) -> None:
    """Write UTF-8 text to a file (whole, by renaming), or to standard output for `-`.

    Raises:
        CannotWrite: the file cannot be written.
    """
    # As bytes: a Windows console's own encoding cannot write every answer.
    write_bytes(text.encode(), target)


def write_bytes(content: bytes, target: str) -> None:
    """Write a file (whole, by renaming), or to standard output for `-`.

    Raises:
        CannotWrite: the file cannot be written.
    """
    if target == "-":
        click.echo(content, nl=False)
        return
    try:
        _replace(Path(target), content)
    except OSError as error:
        raise _cannot_write(target, error) from error


def lines_to(target: str) -> Callable[[str], None]:
    """What writes one line at once, to a file or for `-` to standard output.

    Unlike `write_text` it keeps all that came before a stop: for lines that each took long. The
    file is begun with the first of them. What is returned raises `CannotWrite`.
    """
    begun = False

    def write(line: str) -> None:
        nonlocal begun
        if target == "-":
            write_text(f"{line}\n", target)
            return
        try:
            with Path(target).open("a" if begun else "w", encoding="utf-8", newline="\n") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise _cannot_write(target, error) from error
        begun = True

    return write


def _cannot_write(target: str, error: OSError) -> CannotWrite:
    full = error.errno == errno.ENOSPC
    return CannotWrite(
        f"{target} cannot be written: {error.strerror or error}.",
        fix="Free some space, or name a file elsewhere." if full else "Name another file.",
    )


def check_target(target: str | None) -> None:
    """Refuse a file that cannot be written before an hour of work, not after.

    Raises:
        UsageError: its folder is missing, or the target is a folder.
    """
    if target is None or target == "-":
        return
    if not target:
        raise UsageError("The name of the file to write is empty.", fix="Name a file.")
    path = Path(target)
    if path.is_dir():
        raise UsageError(f"{target} is a folder.", fix="Name a file.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}.", fix="Make it, or name another file.")


def refuse_broken_text(text: str, what: str) -> None:
    """Refuse a text that came in with bytes which are no UTF-8: no model could be given it.

    Raises:
        UsageError: there are such bytes.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{what} is no UTF-8 from character {error.start + 1} on.", fix="Write it in UTF-8."
        ) from error


def printable(text: str) -> str:
    """The text without the characters that steer a terminal: a model may write any of them."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _replace(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():  # a device or a pipe
        path.write_bytes(content)
        return
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
