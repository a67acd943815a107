"""The store of one folder: SQLite for words and texts, a flat file for vectors.

Any number of processes may read and write: SQLite's write-ahead log keeps them apart, and a
document is one transaction. Threads share a store; each call has a connection of its own.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock

from sprat.rag.document import Document, Hit, Passage
from sprat.rag.store.base import Indexed, StoreInfo, check_embedder, check_vectors
from sprat.rag.store.bm25 import best
from sprat.rag.store.connections import Connections
from sprat.rag.store.meta import Meta
from sprat.rag.store.text import unpacked
from sprat.rag.store.vectors import Vectors, unit_rows
from sprat.rag.store.words import Words
from sprat.rag.store.writing import forget, keep, take_slots

FILE = "passages.db"
VECTORS = "vectors.f32"
_DOCUMENTS = "SELECT file, title, sha256, bytes, media, passages, embedded FROM documents"
_PASSAGES = (
    "SELECT key, file, begins, ends, p.text, page, heading"
    " FROM passages p JOIN documents d ON d.id = document WHERE key IN"
)
_VARIABLES = 900
"""In one statement: old SQLites take 999."""


class SqliteStore:
    """A folder of passages.

    With `create`, `embedder` names the model whose vectors it holds from now on, where it holds
    none yet.

    Raises:
        DocumentError: there is no store (unless `create`), it is damaged, of another format, or
            holds the vectors of another embedder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        create: bool = False,
        embedder: str | None = None,
        dimensions: int | None = None,
    ) -> None:
        self._folder = folder
        self._embedder = embedder
        self._connections = Connections(folder / FILE, create=create)
        self._words = Words()
        self._vectors: Vectors | None = None
        self._lock = Lock()
        try:
            self._settle(create, embedder, dimensions)
        except BaseException:
            self.close()
            raise

    def _settle(self, create: bool, embedder: str | None, dimensions: int | None) -> None:
        with self._connections.reading() as database:
            meta = Meta.read(database)
        check_embedder(str(self._folder), meta.embedder, embedder)
        if create and embedder and (meta.embedder, meta.dimensions) != (embedder, dimensions):
            with self._connections.writing() as database:
                meta = Meta.read(database)
                meta.adopt(str(self._folder), embedder, dimensions)
                meta.write(database)

    def close(self) -> None:
        """Let go of the files. Safe to call twice."""
        self._connections.close()
        self._words.close()
        if self._vectors is not None:
            self._vectors.close()

    # -- writing ---------------------------------------------------------------------------------

    def put(
        self, document: Document, passages: Sequence[Passage], vectors: Sequence[bytes] | None
    ) -> None:
        """Keep a document, in place of what its file had before: one transaction.

        Raises:
            DocumentError: vectors of another size than the store's, or not one per passage; the
                disk is full; another process writes for longer than a minute.
        """
        with self._connections.writing() as database:
            meta = Meta.read(database)
            slots = self._placed(database, meta, passages, vectors)
            forget(database, meta, document.file)
            keep(database, meta, document, passages, slots)
            meta.write(database)

    def _placed(
        self,
        database: sqlite3.Connection,
        meta: Meta,
        passages: Sequence[Passage],
        vectors: Sequence[bytes] | None,
    ) -> list[int] | None:
        """Write vectors into slots that are free, before anything says that they are there."""
        if vectors is None:
            return None
        check_embedder(str(self._folder), meta.embedder, self._embedder)
        check_vectors(str(self._folder), meta.embedder, len(passages), len(vectors))
        if not vectors:
            return []
        rows = unit_rows(vectors, meta.dimensions)
        meta.dimensions = rows.shape[1]
        slots = take_slots(database, meta, len(rows))
        self._file(rows.shape[1]).write(slots, rows)
        return slots

    def remove(self, files: Iterable[str]) -> int:
        """Forget documents; how many there were."""
        with self._connections.writing() as database:
            meta = Meta.read(database)
            gone = sum(forget(database, meta, file) for file in files)
            meta.write(database)
        return gone

    # -- reading ---------------------------------------------------------------------------------

    def info(self) -> StoreInfo:
        """What it holds at this moment."""
        with self._connections.reading() as database:
            meta = Meta.read(database)
            (documents,) = database.execute("SELECT count(*) FROM documents").fetchone()
        return StoreInfo(
            kind="sqlite",
            place=str(self._folder),
            documents=documents,
            passages=meta.passages,
            embedder=meta.embedder,
            dimensions=meta.dimensions,
            bytes=sum(map(_size_bytes, self._folder.glob("*.*"))),
        )

    def documents(self) -> dict[str, Indexed]:
        """By file."""
        with self._connections.reading() as database:
            rows = database.execute(_DOCUMENTS).fetchall()
        return {
            row[0]: Indexed(
                file=row[0],
                title=row[1],
                sha256=row[2],
                bytes=row[3],
                media=row[4],
                passages=row[5],
                embedded=bool(row[6]),
            )
            for row in rows
        }

    def text(self, file: str) -> str | None:
        """A document's whole text, as it was read; None: it is not here."""
        with self._connections.reading() as database:
            row = database.execute("SELECT text FROM documents WHERE file = ?", (file,)).fetchone()
        return unpacked(row[0]) if row else None

    def lexical(self, query: str, most: int) -> list[Hit]:
        """The passages that share words with `query`, best first: `bm25`. Any text is a query."""
        if most < 1:
            return []
        with self._connections.reading() as database:
            meta = Meta.read(database)
            terms = self._words.chosen(query, database, meta.passages)
            return best(database, terms, meta.passages, meta.words, most)

    def dense(self, vector: bytes, most: int) -> list[Hit]:
        """The passages whose vectors are nearest, by cosine, best first; none without vectors.

        Every vector is looked at, in blocks. A slot that was freed meanwhile has no passage, and
        is passed over.
        """
        with self._connections.reading() as database:
            meta = Meta.read(database)
            if not meta.slots or not meta.dimensions or most < 1:
                return []
            query = unit_rows([vector], meta.dimensions)[0]
            look = most
            while True:
                near = self._file(meta.dimensions).nearest(query, meta.slots, look)
                hits = _named(database, near)
                if len(hits) >= most or look >= meta.slots:
                    return hits[:most]
                look *= 4

    def passages(self, keys: Sequence[int]) -> dict[int, Passage]:
        """The passages of these keys; those removed meanwhile are left out."""
        found: dict[int, Passage] = {}
        with self._connections.reading() as database:
            for some in _stretches(keys):
                marks = ", ".join("?" * len(some))
                for row in database.execute(f"{_PASSAGES} ({marks})", some):
                    found[row[0]] = _passage(*row[1:])
        return found

    def _file(self, dimensions: int) -> Vectors:
        with self._lock:
            if self._vectors is None or self._vectors.dimensions != dimensions:
                self._vectors = Vectors(self._folder / VECTORS, dimensions)
            return self._vectors


def _named(database: sqlite3.Connection, near: Sequence[tuple[int, float]]) -> list[Hit]:
    """Slots as keys; a slot of no passage is left out."""
    keys: dict[int, int] = {}
    for some in _stretches([slot for slot, _ in near]):
        marks = ", ".join("?" * len(some))
        found = f"SELECT slot, key FROM passages WHERE slot IN ({marks})"  # noqa: S608 - marks
        keys.update(database.execute(found, some).fetchall())
    return [Hit(keys[slot], score) for slot, score in near if slot in keys]


def _size_bytes(file: Path) -> int:
    """0 for one that went meanwhile: SQLite's log does when the last process leaves."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _stretches(numbers: Sequence[int]) -> list[Sequence[int]]:
    return [numbers[at : at + _VARIABLES] for at in range(0, len(numbers), _VARIABLES)]


def _passage(file: str, start: int, end: int, text: str, page: int | None, heading: str) -> Passage:
    return Passage(file=file, start=start, end=end, text=text, page=page, heading=heading)
