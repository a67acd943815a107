"""Words as a sparse vector: BM25 the way that Qdrant computes it, in the shard and on the server.

A passage's part of BM25 is in its vector, how rare a word is weighs Qdrant itself (`Modifier.Idf`),
and so a question's vector only says which words it has.
"""

from typing import Any

from sprat.rag.store.extra import required

AVERAGE_WORDS = 128
"""How long a passage is taken to be, stop words left out: what BM25 compares lengths with."""

K = 1.2
"""As k1 in `bm25`; with this and b = 0.75 Qdrant's server computes too."""

Sparse = tuple[list[int], list[float]]
"""Numbers of words, and a weight for each."""


class Bm25:
    """The package's own model: English stems and stop words, accents folded."""

    def __init__(self) -> None:
        """Load it.

        Raises:
            UsageError: the extra `qdrant` is not installed.
        """
        edge: Any = required("qdrant_edge")
        self._model: Any = edge.Bm25(
            edge.Bm25Config(k=K, avg_len=float(AVERAGE_WORDS), ascii_folding=True)
        )

    def passage(self, text: str) -> Sparse:
        """A passage's vector."""
        found = self._model.embed_document(text)
        return list(found.indices), list(found.values)

    def query(self, text: str) -> Sparse:
        """A question's vector; empty: it has no word worth looking for."""
        found = self._model.embed_query(text)
        return list(found.indices), list(found.values)
