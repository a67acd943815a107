"""One document into the tables of the SQLite store, and out of them, within a transaction."""

import sqlite3
from collections.abc import Sequence

from sprat.rag.document import Document, Passage
from sprat.rag.store.meta import Meta
from sprat.rag.store.text import packed, whole

_LENGTHS = "FROM lengths WHERE key IN (SELECT key FROM passages WHERE document = ?)"


def keep(
    database: sqlite3.Connection,
    meta: Meta,
    document: Document,
    passages: Sequence[Passage],
    slots: Sequence[int] | None,
) -> None:
    """Put a document and its passages in; the words of the passages are indexed."""
    number = database.execute(
        "INSERT INTO documents (file, title, sha256, bytes, media, passages, embedded, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(document.file, whole(document.title), document.sha256, document.bytes),
            *(document.media, len(passages), slots is not None, packed(document.text)),
        ),
    ).lastrowid
    database.executemany(
        "INSERT INTO passages (key, document, begins, ends, page, slot, heading, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(meta.next_key + at, number, one.start, one.end, one.page, slot),
                *(whole(one.heading), whole(one.text)),
            )
            for at, (one, slot) in enumerate(
                zip(passages, slots or [None] * len(passages), strict=True)
            )
        ),
    )
    database.execute(
        "INSERT INTO words (rowid, text, heading)"
        " SELECT key, text, heading FROM passages WHERE key >= ?",
        (meta.next_key,),
    )
    lengths = [len(one.text.split()) + len(one.heading.split()) for one in passages]
    database.executemany("INSERT INTO lengths VALUES (?, ?)", enumerate(lengths, meta.next_key))
    meta.next_key += len(passages)
    meta.passages += len(passages)
    meta.words += sum(lengths)


def forget(database: sqlite3.Connection, meta: Meta, file: str) -> bool:
    """Take a document out, and free its slots; whether there was one."""
    row = database.execute("SELECT id, passages FROM documents WHERE file = ?", (file,)).fetchone()
    if row is None:
        return False
    of = (row[0],)
    database.execute(
        "INSERT INTO words (words, rowid, text, heading)"
        " SELECT 'delete', key, text, heading FROM passages WHERE document = ?",
        of,
    )
    database.execute(
        "INSERT INTO free SELECT slot FROM passages WHERE document = ? AND slot IS NOT NULL", of
    )
    meta.words -= database.execute(f"SELECT sum(words) {_LENGTHS}", of).fetchone()[0] or 0
    database.execute(f"DELETE {_LENGTHS}", of)
    database.execute("DELETE FROM passages WHERE document = ?", of)
    database.execute("DELETE FROM documents WHERE id = ?", of)
    meta.passages -= row[1]
    return True


def clear(database: sqlite3.Connection, meta: Meta) -> Meta:
    """Take every document out, and whose vectors there are; the next key stays the next."""
    database.execute("INSERT INTO words (words) VALUES ('delete-all')")
    for table in ("documents", "passages", "lengths", "free"):
        database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
    return Meta(next_key=meta.next_key)


def take_slots(database: sqlite3.Connection, meta: Meta, wanted: int) -> list[int]:
    """Slots that no passage has, the lowest first; new ones when there are too few."""
    rows = database.execute("SELECT slot FROM free ORDER BY slot LIMIT ?", (wanted,)).fetchall()
    database.executemany("DELETE FROM free WHERE slot = ?", rows)
    new = range(meta.slots, meta.slots + wanted - len(rows))
    meta.slots = new.stop if new else meta.slots
    return [slot for (slot,) in rows] + list(new)
