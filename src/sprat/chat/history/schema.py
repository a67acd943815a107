"""The tables of the chat's history, and opening a file that holds them."""

import sqlite3
from pathlib import Path

from sprat.errors import RunError
from sprat.runs.versioned import has_tables, make, version_of

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    identifier TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    metadata TEXT NOT NULL
) STRICT;
CREATE TABLE threads (
    id TEXT PRIMARY KEY,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    name TEXT,
    user TEXT REFERENCES users (id) ON DELETE CASCADE,
    tags TEXT NOT NULL DEFAULT '[]',
    metadata TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX threads_of_users ON threads (user, updated);
CREATE TABLE steps (
    id TEXT PRIMARY KEY,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    created TEXT NOT NULL,
    output TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_threads ON steps (thread, created);
CREATE TABLE elements (
    id TEXT PRIMARY KEY,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX elements_of_threads ON elements (thread);
CREATE TABLE runs (
    step TEXT PRIMARY KEY,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE TABLE feedback (
    id TEXT PRIMARY KEY,
    step TEXT NOT NULL UNIQUE,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    value INTEGER NOT NULL,
    comment TEXT
) STRICT;
"""
_FORGOTTEN = """
CREATE TABLE IF NOT EXISTS forgotten (
    thread TEXT PRIMARY KEY
) STRICT;
"""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the history, and make it where there is none. For one thread at a time.

    Raises:
        RunError: it cannot be opened, is something else, or of another version.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    try:
        database.execute("PRAGMA foreign_keys = ON")
        _make(database)
    except sqlite3.Error as error:
        database.close()
        raise _unusable(path, error) from error
    if (version := version_of(database)) != SCHEMA_VERSION:
        database.close()
        raise RunError(
            f"{path} has format {version}; this Sprat reads {SCHEMA_VERSION}.",
            fix="Upgrade Sprat."
            if version > SCHEMA_VERSION
            else "Move the file away; a new one is made.",
        )
    database.execute(_FORGOTTEN)
    return database


def _make(database: sqlite3.Connection) -> None:
    # Only an empty file becomes a history: another program's database is left alone.
    if not version_of(database) and not has_tables(database):
        make(database, _SCHEMA, SCHEMA_VERSION)


def _unusable(path: Path, error: Exception) -> RunError:
    words = str(error.strerror if isinstance(error, OSError) and error.strerror else error)
    return RunError(
        f"The chat's history in {path} cannot be used: {words}.",
        fix="Move it away, or set SPRAT_HOME to a folder that can be written.",
    )
