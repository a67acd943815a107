"""What a store says when its files cannot be used: one line each."""

import errno
import sqlite3
from pathlib import Path

from sprat.errors import DocumentError

REBUILD = "Make it again: sprat index PATH… --rebuild"


def explained(path: Path, error: sqlite3.Error | OSError) -> DocumentError:
    """The error for a file that cannot be read or written."""
    why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    for words, fix in _FIXES.items():
        if words in why.lower():
            return DocumentError(f"The index {path} cannot be used: {why}.", fix=fix)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DocumentError(f"The index {path} cannot grow: {why}.", fix=_SPACE)
    return damaged(path, why)


class ForeignStore(DocumentError):
    """What is there is another program's."""


def foreign(path: Path) -> ForeignStore:
    """The error for what is another program's: nobody is told to make that again."""
    return ForeignStore(
        f"The index {path} cannot be used: it is another program's.", fix="Give another --store."
    )


def damaged(path: Path, why: str) -> DocumentError:
    """The error for a file that is not what it should be."""
    return DocumentError(f"The index {path} cannot be used: {why}.", fix=REBUILD)


_SPACE = "Free some space, then run it again: what was kept is still there."
_FIXES = {
    "fts5": "Full-text search is missing from this Python's SQLite: use python.org's, say.",
    "full": _SPACE,
    "no space": _SPACE,
    "locked": "Another program writes to it: wait for that one, or stop it.",
    "readonly": "It must be writable even to be read: allow that, or give another --store.",
    "read-only": "It must be writable even to be read: allow that, or give another --store.",
    "unable to open": "Check that the folder is there and yours to write, or give another --store.",
    "permission": "Check that the folder is there and yours to write, or give another --store.",
}
