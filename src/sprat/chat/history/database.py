"""One connection to the history, used by one thread at a time."""

import json
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from sprat.chat.history.schema import open_database

Body = dict[str, Any]
"""A step, an element or a thread in Chainlit's own words."""


class Database:
    """Rows out, and transactions in. Calls block; several threads may call."""

    def __init__(self, path: Path) -> None:
        """Open or make it.

        Raises:
            RunError: it cannot be used.
        """
        self._connection = open_database(path)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of it. Safe to call twice."""
        with self._lock:
            self._connection.close()

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """What a query finds."""
        with self._lock:
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(query, values).fetchall()

    def write(self, statement: str, *values: object) -> int:
        """Change something; how many rows it was."""
        with self.transaction() as connection:
            return connection.execute(statement, values).rowcount

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All of it happens, or nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def touch(connection: sqlite3.Connection, thread: str) -> bool:
    """The thread exists, and was used just now: Chainlit tells its parts in any order.

    False: it was removed, and what is told of it comes too late to be kept.
    """
    if is_forgotten(connection, thread):
        return False
    moment = now()
    connection.execute(
        "INSERT INTO threads (id, created, updated) VALUES (?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET updated = excluded.updated",
        (thread, moment, moment),
    )
    return True


def is_forgotten(connection: sqlite3.Connection, thread: str) -> bool:
    """Whether a user removed it, in this process or another."""
    found = connection.execute("SELECT 1 FROM forgotten WHERE thread = ?", (thread,))
    return found.fetchone() is not None


def dumps(value: object) -> str:
    """As JSON. Half a character (a lone surrogate), which no file can hold, becomes a `?`."""
    return whole(json.dumps(value, ensure_ascii=False, default=str))


def loads(text: str) -> Body:
    """Back from JSON."""
    return msgspec.json.decode(text, type=Body)


def whole(text: str) -> str:
    """Without half characters."""
    return text.encode("utf-8", "replace").decode()


def now() -> str:
    """This moment, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
