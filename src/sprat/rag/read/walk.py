"""Which files below some paths are read."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from sprat.rag.read.ignore import Ignore, above, is_ignored, read_ignore

LEFT_OUT = {"node_modules", "__pycache__", "site-packages", "venv"}
"""Folders of what others made, beside those whose names begin with a dot."""
_WRITTEN_BY_MACHINES = (".lock", ".min.js", ".min.css", ".map", "-lock.json", "-lock.yaml")
"""How files end that nobody reads."""


class Entry(msgspec.Struct, frozen=True):
    """A file to read."""

    path: Path
    """Absolute, without links."""
    bytes: int

    @property
    def file(self) -> str:
        """What it is called in a store."""
        return self.path.as_posix()


class Walked(msgspec.Struct, frozen=True):
    """What was found, and where nobody could look: what lies there need not be gone."""

    entries: list[Entry]
    closed: list[tuple[Path, str]]
    """Folders that cannot be listed, and why."""
    vacant: list[Path]
    """Paths that were asked for and are not there, or are folders with nothing at all in them: so
    looks a drive that is not mounted."""


def walk(paths: Sequence[Path]) -> Walked:
    """The files among `paths` and below the folders among them, each once, in order.

    A file that is named is taken whatever it is. Below a folder are left out: hidden files and
    folders, what a `.gitignore` leaves out, what others or machines made, and links: what they lead
    to is read where it lies, if it lies below.
    """
    walked, seen = Walked([], [], []), set[Path]()
    for path in paths:
        for file in _asked(path.resolve(), walked):
            if file not in seen and (entry := _entry(file)):
                seen.add(file)
                walked.entries.append(entry)
    return walked


def _asked(path: Path, walked: Walked) -> Iterator[Path]:
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        walked.vacant.append(path)
    except OSError as error:
        walked.closed.append((path, error.strerror or str(error)))
    else:
        yield from _below(path, walked) if is_folder else [path]


def _entry(file: Path) -> Entry | None:
    """None: it went meanwhile. One that cannot be looked at is told of when it is to be read."""
    try:
        return Entry(file, file.stat().st_size)
    except FileNotFoundError:
        return None
    except OSError:
        return Entry(file, 0)


def _below(root: Path, walked: Walked) -> Iterator[Path]:
    """Depth first, in the order of names; without recursion, however deep the folders are."""
    own = read_ignore(root)
    waiting: list[tuple[Path, tuple[Ignore, ...]]] = [(root, above(root) + ((own,) if own else ()))]
    while waiting:
        folder, rules = waiting.pop()
        folders: list[tuple[Path, tuple[Ignore, ...]]] = []
        for entry in _entries(folder, folder == root, walked):
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in LEFT_OUT and not is_ignored(rules, path, is_folder=True):
                    inner = read_ignore(path)
                    folders.append((path, (*rules, inner) if inner else rules))
            elif entry.is_file(follow_symlinks=False) and not is_ignored(
                rules, path, is_folder=False
            ):
                yield path
        waiting += reversed(folders)


def _entries(folder: Path, is_root: bool, walked: Walked) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except (FileNotFoundError, NotADirectoryError):  # it went meanwhile
        found = []
    except OSError as error:
        walked.closed.append((folder, error.strerror or str(error)))
        return []
    if is_root and not found:
        walked.vacant.append(folder)
    return sorted((one for one in found if _is_ours(one.name)), key=lambda one: one.name)


def _is_ours(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(_WRITTEN_BY_MACHINES)
