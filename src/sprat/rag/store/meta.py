"""What a SQLite store knows of itself: whose vectors it holds, and what was never given out."""

import sqlite3

import msgspec

from sprat.errors import DocumentError
from sprat.rag.store.base import check_embedder


class Meta(msgspec.Struct, kw_only=True):
    """The rows of `meta`, by name."""

    next_key: int = 1
    """Of the next passage: no key is given out twice."""
    slots: int = 0
    """Rows of the file of vectors that were ever given out."""
    passages: int = 0
    words: int = 0
    """Of all passages together."""
    embedder: str | None = None
    dimensions: int | None = None

    @classmethod
    def read(cls, database: sqlite3.Connection) -> "Meta":
        """As the transaction under way sees it."""
        return cls(**dict(database.execute("SELECT name, value FROM meta")))

    def write(self, database: sqlite3.Connection) -> None:
        """Put it back."""
        rows = [(name, value) for name, value in msgspec.structs.asdict(self).items()]
        database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def adopt(self, place: str, embedder: str, dimensions: int | None) -> None:
        """From now on the vectors are this embedder's.

        Raises:
            DocumentError: they are another's.
        """
        check_embedder(place, self.embedder, embedder)
        self.embedder = embedder
        self.size(place, dimensions)

    def size(self, place: str, dimensions: int | None) -> None:
        """The vectors are of so many dimensions; None: nothing is known of it.

        Raises:
            DocumentError: they are of another size.
        """
        if dimensions and self.dimensions not in (None, dimensions):
            raise DocumentError(
                f"{place} holds vectors of {self.dimensions} dimensions; these have {dimensions}.",
                fix="Use the embedding model it was made with, or: sprat index PATH… --rebuild",
            )
        self.dimensions = dimensions or self.dimensions
