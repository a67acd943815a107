"""The tables of the SQLite store, and opening a file that holds them.

`passages.text` is the one place where a passage's words stand: the word index (`words`, FTS5) is of
external content and holds no text of its own. `slot` is the passage's place in the file of vectors;
the counters in `meta` say which keys and slots were never given out, so that both are given out
inside the transaction that uses them, and a transaction that was cut off has taken none.
"""

import sqlite3
from pathlib import Path

from sprat.errors import DocumentError
from sprat.rag.store.base import FORMAT
from sprat.rag.store.faults import explained, foreign
from sprat.runs.versioned import has_tables, make, version_of

APPLICATION = 0x53505254
"""`SPRT`: which program's database this is (SQLite's `application_id`)."""
TOKENS = "porter unicode61 remove_diacritics 2"
"""How a text becomes words: cut at what is no letter or digit, folded, and reduced to its stem.
Source: https://www.sqlite.org/fts5.html#tokenizers."""
BUSY_S = 60.0
"""How long a writer waits for another one's transaction."""
_SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    file TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    media TEXT NOT NULL,
    passages INTEGER NOT NULL,
    embedded INTEGER NOT NULL,
    text BLOB NOT NULL
) STRICT;
CREATE TABLE passages (
    key INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    page INTEGER,
    slot INTEGER,
    heading TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX passages_of ON passages (document);
CREATE UNIQUE INDEX passages_at ON passages (slot) WHERE slot IS NOT NULL;
CREATE TABLE lengths (key INTEGER PRIMARY KEY, words INTEGER NOT NULL) STRICT;
CREATE TABLE free (slot INTEGER PRIMARY KEY) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (
    text, heading, content='passages', content_rowid='key', columnsize=0, tokenize='{TOKENS}'
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);
CREATE VIRTUAL TABLE places USING fts5vocab (words, instance);
"""


def connect(path: Path) -> sqlite3.Connection:
    """A connection that any one thread at a time may use.

    Raises:
        DocumentError: the file cannot be opened, or this Python's SQLite has no FTS5.
    """
    database: sqlite3.Connection | None = None
    try:
        database = sqlite3.connect(
            path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        # What a power cut may take with it is the last transactions, never the whole: the
        # write-ahead log is checksummed. What `kill -9` may take is nothing:
        # https://www.sqlite.org/wal.html. A file that is no database shows here first.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA cache_size = -32000")
    except sqlite3.DatabaseError as error:
        if database is not None:
            database.close()
        raise explained(path, error) from error
    return database


def prepare(database: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """See that the file is a store of this format; make it one, with `create`, if it is empty.

    Raises:
        DocumentError: it is something else, of another format, or has no FTS5.
    """
    try:
        if create and version_of(database) == 0:
            _make(database, path)
        _check(database, path)
    except sqlite3.DatabaseError as error:
        raise explained(path, error) from error


def _check(database: sqlite3.Connection, path: Path) -> None:
    if _is_foreign(database):
        raise foreign(path)
    if _application(database) != APPLICATION:
        raise DocumentError(
            f"There is no index of documents in {path.parent}.", fix="Try: sprat index PATH…"
        )
    if (found := version_of(database)) != FORMAT:
        raise DocumentError(
            f"{path} has format {found}; this Sprat reads {FORMAT}.",
            fix="Upgrade Sprat."
            if found > FORMAT
            else "Make it again: sprat index PATH… --rebuild",
        )


def _make(database: sqlite3.Connection, path: Path) -> None:
    if _is_foreign(database):
        raise foreign(path)
    make(database, _SCHEMA, FORMAT, APPLICATION)


def _is_foreign(database: sqlite3.Connection) -> bool:
    """Whether another program keeps something in it."""
    return has_tables(database) and _application(database) != APPLICATION


def _application(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA application_id").fetchone()[0])
