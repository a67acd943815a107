"""An index that is to be made again is forgotten first, even one that cannot be opened."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sprat.errors import DocumentError, UsageError
from sprat.rag.store.connections import Connections
from sprat.rag.store.faults import ForeignStore, explained
from sprat.rag.store.meta import Meta
from sprat.rag.store.sqlite import FILE, VECTORS
from sprat.rag.store.writing import clear

_DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""What SQLite says of a file that is no store: no tables of one, torn pages, no database at all."""


def drop_store(where: str) -> None:
    """Forget what a store of a folder keeps, and nothing else that lies there.

    A store that opens is emptied in place: others may have it open, and what they keep in a file
    that is unlinked meanwhile is lost. One that is damaged is removed.

    Raises:
        UsageError: the store is Qdrant's: its collections are removed with its own means.
        DocumentError: it is another program's, in use for too long, or cannot be removed.
    """
    if where.startswith(("http://", "https://", "qdrant-edge:")):
        raise UsageError(
            f"{where} is Qdrant's: Sprat does not remove what it holds.",
            fix="Remove the collection there, or give another --store.",
        )
    folder = Path(where).expanduser()
    if (folder / FILE).exists() and not _emptied(folder / FILE):
        _remove(folder)


def _emptied(path: Path) -> bool:
    """False: it is damaged, or of another format.

    Raises:
        DocumentError: it is another program's, or the trouble is not in the file: it is locked.
    """
    try:
        with closing(Connections(path, create=False)) as kept, kept.writing() as database:
            clear(database, Meta.read(database)).write(database)
    except ForeignStore:
        raise
    except DocumentError as error:
        cause = error.__cause__
        if isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF not in _DAMAGE:
            raise
        return False
    return True


def _remove(folder: Path) -> None:
    for name in (FILE, f"{FILE}-wal", f"{FILE}-shm", VECTORS):
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise explained(folder / name, error) from error
