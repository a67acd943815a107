"""A question → the passages that may answer it: by words, by vectors, and by closeness."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from sprat.engines.base import Embedder
from sprat.errors import ContextTooLong, UnsupportedRequest
from sprat.rag.alike import unlike
from sprat.rag.close import CLOSE, closeness
from sprat.rag.document import Found, Hit, Passage, Retrieved
from sprat.rag.fuse import Fused, fuse
from sprat.rag.store.base import Store, check_embedder

POOL = 50
"""Looked at of each kind, before they are fused."""
LOOK = 24
"""Whose text is looked at after that, the best ones: at least so many, and twice what is asked."""
QUERY_CHARS = (1_000, 100)
"""Of a question that are embedded: its end, and less of it where a model refuses that much."""


class _Near(msgspec.Struct, frozen=True):
    """What the vectors said."""

    hits: list[Hit] | None = None
    embed_s: float | None = None
    dense_s: float | None = None


class Retriever:
    """Finds passages in one store. It owns neither the store nor the embedder."""

    def __init__(self, store: Store, embedder: Embedder | None) -> None:
        self._store = store
        self._embedder = embedder
        self._checked = False

    async def find(self, query: str, most: int = 6) -> Retrieved:
        """At most so many passages, best first; near-copies of a better one are left out.

        Words are looked up while the question is being embedded. Without an embedder, or in a
        store without vectors, words alone decide.

        Raises:
            DocumentError: the store cannot be read, or holds another embedder's vectors.
            EngineError: the embedder gave no vector.
        """
        pool = max(POOL, 2 * most)
        words = asyncio.create_task(asyncio.to_thread(self._lexical, query, pool))
        try:
            near = await self._near(query, pool)
        except BaseException:
            words.cancel()
            raise
        hits, lexical_s = await words
        fused = fuse(hits, near.hits, pool)
        found = await asyncio.to_thread(self._first, query, fused, most)
        return Retrieved(
            query=query,
            found=found,
            lexical_s=lexical_s,
            embed_s=near.embed_s,
            dense_s=near.dense_s,
        )

    def _lexical(self, query: str, pool: int) -> tuple[list[Hit], float]:
        started = time.perf_counter()
        return self._store.lexical(query, pool), time.perf_counter() - started

    async def _near(self, query: str, pool: int) -> _Near:
        if self._embedder is None or not await self._has_vectors(self._embedder):
            return _Near()
        started = time.perf_counter()
        vector = await _embedded(self._embedder, query)
        embedded = time.perf_counter()
        if vector is None:
            return _Near(embed_s=embedded - started)
        hits = await asyncio.to_thread(self._store.dense, vector, pool)
        return _Near(hits, embedded - started, time.perf_counter() - embedded)

    async def _has_vectors(self, embedder: Embedder) -> bool:
        """Whether there are any; and, once, that they are this embedder's."""
        if not self._checked:
            info = await asyncio.to_thread(self._store.info)
            check_embedder(info.place, info.embedder, embedder.name)
            self._checked = info.embedder is not None
        return self._checked

    def _first(self, query: str, fused: Sequence[Fused], most: int) -> tuple[Found, ...]:
        first = islice(unlike(self._found(query, fused, most)), most)
        return tuple(sorted(first, key=lambda one: -one.score))

    def _found(self, query: str, fused: Sequence[Fused], most: int) -> Iterator[Found]:
        """Passages, best first, looked at so many at a time: seldom are all needed."""
        look = max(LOOK, 2 * most)
        for at in range(0, len(fused), look):
            passages = self._store.passages([one.key for one in fused[at : at + look]])
            some = [
                (one, passages[one.key]) for one in fused[at : at + look] if one.key in passages
            ]
            close = closeness(query, [passage for _, passage in some])
            found = [_found(*one, share) for one, share in zip(some, close, strict=True)]
            yield from sorted(found, key=lambda one: -one.score)


def _found(fused: Fused, passage: Passage, close: float) -> Found:
    return Found(
        passage=passage,
        score=(1 - CLOSE) * fused.score + CLOSE * close,
        lexical=fused.lexical,
        dense=fused.dense,
        close=close,
    )


async def _embedded(embedder: Embedder, query: str) -> bytes | None:
    """The question's vector; None: there is no word in it."""
    for chars in QUERY_CHARS:
        try:
            return (await embedder.embed([query[-chars:]], kind="query")).vectors[0]
        except ContextTooLong:
            continue
        except UnsupportedRequest:
            return None
    return None
