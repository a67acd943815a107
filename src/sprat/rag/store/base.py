"""What every store of passages does. One suite of tests runs over all of them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from sprat.errors import DocumentError
from sprat.rag.document import Document, Hit, Passage

FORMAT = 1


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a store holds."""

    file: str
    title: str
    sha256: str
    bytes: int
    media: str
    passages: int
    embedded: bool
    """Whether every passage of it has its vector."""


class StoreInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a store is."""

    kind: str
    """`sqlite`, `qdrant-edge`, `qdrant`."""
    place: str
    """The folder, or the address."""
    documents: int
    passages: int
    embedder: str | None
    """The model whose vectors it holds; None: words only."""
    dimensions: int | None
    bytes: int | None
    """On disk; None: it does not say."""
    format: int = FORMAT


class Store(Protocol):
    """Keeps passages and finds them. Calls block: from async code they go to a thread.

    Several processes may hold the same store open, to read and to write. A call that has returned
    survives `kill -9`; one that was cut off has not happened.
    """

    def info(self) -> StoreInfo:
        """What it holds at this moment."""
        ...

    def documents(self) -> dict[str, Indexed]:
        """By file."""
        ...

    def put(
        self, document: Document, passages: Sequence[Passage], vectors: Sequence[bytes] | None
    ) -> None:
        """Keep a document, in place of what its file had before.

        `vectors`: one per passage, `dimensions` little-endian float32 of length 1 each, made by the
        store's embedder; None: words only.

        Raises:
            DocumentError: vectors of another size than the store's; it is full, or locked too long.
        """
        ...

    def remove(self, files: Iterable[str]) -> int:
        """Forget documents; how many there were."""
        ...

    def text(self, file: str) -> str | None:
        """A document's whole text, as it was read; None: it is not here."""
        ...

    def lexical(self, query: str, most: int) -> list[Hit]:
        """The passages that share words with `query`, best first. Any text is a query.

        Scores are BM25 as a share, 0 to 1, of what the question's words could bring at most.
        """
        ...

    def dense(self, vector: bytes, most: int) -> list[Hit]:
        """The passages whose vectors are nearest, by cosine, best first; none without vectors."""
        ...

    def passages(self, keys: Sequence[int]) -> dict[int, Passage]:
        """The passages of these keys; those removed meanwhile are left out."""
        ...

    def close(self) -> None:
        """Let go of it. Safe to call twice."""
        ...


def check_embedder(place: str, held: str | None, asked: str | None) -> None:
    """See that vectors of `asked` can be compared with those that are held.

    Raises:
        DocumentError: they are of two models.
    """
    if held and asked and held != asked:
        raise DocumentError(
            f"{place} holds vectors of {held}; those of {asked} cannot be compared with them.",
            fix=f"Use --embedder {held}, or make it again: sprat index PATH… --rebuild",
        )


def check_vectors(place: str, embedder: str | None, passages: int, vectors: int) -> None:
    """See that a document's vectors can be kept.

    Raises:
        DocumentError: the store holds no vectors, or there is not one for each passage.
    """
    if embedder is None:
        raise DocumentError(
            f"{place} holds no vectors: it was made without an embedding model.",
            fix="Open it with the name of one: sprat index PATH…",
        )
    if vectors != passages:
        raise DocumentError(f"There are {vectors} vectors of {passages} passages.")
