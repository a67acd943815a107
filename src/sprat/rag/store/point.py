"""What the embedded shard and a Qdrant server have in common: places that hold points."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

import msgspec

from sprat.rag.document import Hit
from sprat.rag.store.sparse import Sparse

Id = int | str
"""A number, or a UUID."""
Payload = dict[str, Any]
Kind = Literal["passage", "document", "store"]
WORDS = "words"
"""The sparse vector."""
DENSE = "dense"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept under one id."""

    id: Id
    payload: Payload
    words: Sparse | None = None
    """By these it is found."""
    dense: list[float] | None = None


class Points(Protocol):
    """A place that holds points: all that the shard and the server differ in.

    Raises:
        DocumentError: from each call, where the place cannot be used.
    """

    @property
    def kind(self) -> str:
        """As `StoreInfo.kind`."""
        ...

    @property
    def place(self) -> str:
        """As `StoreInfo.place`."""
        ...

    def upsert(self, points: Sequence[Point]) -> None:
        """Keep them all, in one operation."""
        ...

    def retrieve(self, ids: Sequence[Id], fields: Sequence[str]) -> dict[Id, Payload]:
        """Those of these ids that are there."""
        ...

    def every(self, kind: Kind, fields: Sequence[str]) -> Iterable[Payload]:
        """All points of one kind."""
        ...

    def count(self, kind: Kind) -> int:
        """How many there are of one kind."""
        ...

    def delete(self, ids: Sequence[Id]) -> None:
        """Forget points."""
        ...

    def delete_passages(self, file: str, *, base: int, before_s: float) -> None:
        """Forget a file's passages: those of one `base`, and those begun before a time."""
        ...

    def by_words(self, words: Sparse, most: int) -> list[Hit]:
        """The best by BM25."""
        ...

    def by_vector(self, vector: list[float], most: int) -> list[Hit]:
        """The best by cosine."""
        ...

    def add_dense(self, dimensions: int) -> None:
        """From now on points may have dense vectors of this size."""
        ...

    def size_bytes(self) -> int | None:
        """On disk; None: it does not say."""
        ...

    def close(self) -> None:
        """Let go of it. Safe to call twice."""
        ...
