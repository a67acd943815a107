"""Which files below some paths are read."""

import os
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


def walk(paths: Sequence[Path]) -> list[Entry]:
    """The files among `paths` and below the folders among them, each once, in order.

    A file that is named is taken whatever it is. Below a folder are left out: hidden files and
    folders, what a `.gitignore` leaves out, what others or machines made, and links: what they lead
    to is read where it lies, if it lies below. What is not there is left out too.
    """
    found: dict[Path, Entry] = {}
    for path in paths:
        whole = path.resolve()
        files = _below(whole) if whole.is_dir() else iter([whole] if whole.exists() else [])
        for file in files:
            if file not in found and (entry := _entry(file)):
                found[file] = entry
    return list(found.values())


def _entry(file: Path) -> Entry | None:
    try:
        return Entry(file, file.stat().st_size)
    except OSError:  # it went meanwhile
        return None


def _below(root: Path) -> Iterator[Path]:
    """Depth first, in the order of names; without recursion, however deep the folders are."""
    own = read_ignore(root)
    waiting: list[tuple[Path, tuple[Ignore, ...]]] = [(root, above(root) + ((own,) if own else ()))]
    while waiting:
        folder, rules = waiting.pop()
        folders: list[tuple[Path, tuple[Ignore, ...]]] = []
        for entry in _entries(folder):
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


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            named = [entry for entry in entries if _is_ours(entry.name)]
    except OSError:  # it may not be read
        return []
    return sorted(named, key=lambda entry: entry.name)


def _is_ours(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(_WRITTEN_BY_MACHINES)
