"""The tables of the store, and opening a file that holds them."""

import sqlite3
from pathlib import Path

from sprat.errors import RunError, StoreError
from sprat.runs.versioned import has_tables, make, version_of

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE studies (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    created TEXT NOT NULL,
    status TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    n_questions INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE TABLE models (
    study TEXT NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (study, role)
) STRICT;
CREATE TABLE answers (
    study TEXT NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
    question TEXT NOT NULL,
    role TEXT NOT NULL,
    repeat INTEGER NOT NULL,
    position INTEGER NOT NULL,
    model TEXT NOT NULL,
    kind TEXT NOT NULL,
    score REAL,
    error TEXT,
    answer_s REAL,
    output_tokens INTEGER,
    body TEXT NOT NULL,
    UNIQUE (study, question, role, repeat)
) STRICT;
CREATE INDEX answers_in_order ON answers (study, position);
"""


def open_database(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a store's file; make it, with `create`, where there is none.

    Raises:
        RunError: the file is missing.
        StoreError: it is no store, of another version, or cannot be opened.
    """
    if not create and not path.is_file():
        raise RunError(f"Nothing is recorded yet in {path}.", fix="Try: sprat compare")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=30, isolation_level=None)
    except (OSError, sqlite3.DatabaseError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise StoreError(
            f"{path} cannot be opened: {why}.",
            fix="Set SPRAT_HOME to a folder that can be written.",
        ) from error
    try:
        _prepare(database, path)
    except sqlite3.DatabaseError as error:
        database.close()
        raise unreadable(path, error) from error
    except RunError:
        database.close()
        raise
    return database


def unreadable(path: Path, error: Exception) -> StoreError:
    """The error for a file that is damaged, or that this user may not use."""
    words = str(error)
    if "readonly" in words or "unable to open" in words:
        fix = "It needs to be written even to be read: allow that, or set SPRAT_HOME elsewhere."
    elif "locked" in words:
        fix = "Another program holds it: wait for that one, or stop it."
    else:
        fix = f"Move it away, or set SPRAT_HOME to a folder other than {path.parent}."
    return StoreError(f"{path} cannot be read as recorded runs: {words}.", fix=fix)


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA foreign_keys = ON")
    if version_of(database) == 0:
        _make(database, path)
    version = version_of(database)
    if version != SCHEMA_VERSION:
        newer = version > SCHEMA_VERSION
        raise StoreError(
            f"{path} has format {version}; this Sprat reads {SCHEMA_VERSION}.",
            fix="Upgrade Sprat." if newer else "Move the file away; a new one is made.",
        )


def _make(database: sqlite3.Connection, path: Path) -> None:
    # Only an empty file becomes a store: another program's database is left alone.
    if has_tables(database) and version_of(database) == 0:
        raise StoreError(
            f"{path} is a database of something else.", fix="Set SPRAT_HOME to another folder."
        )
    make(database, _SCHEMA, SCHEMA_VERSION)
