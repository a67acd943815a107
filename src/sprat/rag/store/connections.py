"""Connections to one database: each call has one to itself, and idle ones are kept for the next."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from sprat.errors import DocumentError
from sprat.rag.store.faults import damaged, explained
from sprat.rag.store.schema import connect, prepare

_IDLE = 8


class Connections:
    """Threads may share it.

    Raises:
        DocumentError: there is no store (unless `create`), or it cannot be used.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._writer = Lock()
        self._closed = False
        if create:
            _make_folder(path)
        elif not path.is_file():
            raise DocumentError(
                f"There is no index of documents in {path.parent}.", fix="Try: sprat index PATH…"
            )
        database = connect(path)
        try:
            prepare(database, path, create=create)
        except BaseException:
            database.close()
            raise
        self._idle.append(database)

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """What is kept at this moment: a writer changes nothing of it meanwhile."""
        with self._transaction("BEGIN") as database:
            yield database

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """All of it or nothing; one at a time over all processes."""
        with self._writer, self._transaction("BEGIN IMMEDIATE") as database:
            yield database

    @contextmanager
    def _transaction(self, begin: str) -> Generator[sqlite3.Connection]:
        database = self._take()
        try:
            database.execute(begin)
            yield database
            database.execute("COMMIT")
        except BaseException as error:
            _roll_back(database)
            if isinstance(error, sqlite3.DatabaseError):
                raise explained(self.path, error) from error
            raise
        finally:
            self._give_back(database)

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise damaged(self.path, "it was closed")
            if self._idle:
                return self._idle.pop()
        return connect(self.path)

    def _give_back(self, database: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _IDLE:
                self._idle.append(database)
                return
        database.close()

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back. Safe to call twice."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for database in idle:
            database.close()


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(path.parent, error) from error


def _roll_back(database: sqlite3.Connection) -> None:
    # On a disk that is full or gone it may fail: SQLite undoes it when the file is opened next.
    with suppress(sqlite3.DatabaseError):
        if database.in_transaction:
            database.execute("ROLLBACK")
