"""The store in a Qdrant server or cluster, by its address, its points laid out as `points` says.

Any number of processes may use it. The key is read from `QDRANT_API_KEY`, and is never shown.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sprat.errors import DocumentError, UsageError, first_line
from sprat.rag.document import Hit
from sprat.rag.store.extra import required
from sprat.rag.store.point import DENSE, WORDS, Id, Kind, Payload, Point
from sprat.rag.store.points import PointStore
from sprat.rag.store.sparse import Sparse
from sprat.settings import is_here

Native = Any
"""An object of the client package."""
COLLECTION = "sprat"
"""Where the address names none."""
TIMEOUT_S = 60
PAGE = 1_000
"""Points read in one go."""
_TROUBLE = ("ApiException", "QdrantException", "RpcError")


def open_server(
    where: str, *, create: bool, embedder: str | None, dimensions: int | None
) -> PointStore:
    """The store of an address: `http://127.0.0.1:6333` or `https://HOST:6333/COLLECTION`.

    Raises:
        UsageError: the extra `qdrant` is not installed, or the address is none.
        DocumentError: as `PointStore`; or the server does not answer, or refuses.
    """
    url, collection = _parts(where)
    more = {"trust_env": False} if is_here(url) else {}
    client = required("qdrant_client").QdrantClient(
        url=url,
        api_key=os.environ.get("QDRANT_API_KEY") or None,
        timeout=TIMEOUT_S,
        check_compatibility=False,
        **more,
    )
    points = ServerPoints(client, collection, f"{url}/{collection}", create=create)
    return PointStore(points, create=create, embedder=embedder, dimensions=dimensions)


def _parts(where: str) -> tuple[str, str]:
    parts = urlsplit(where)
    names = parts.path.strip("/").split("/")
    if not parts.hostname or len(names) > 1 or parts.username or parts.query:
        raise UsageError(
            f"{parts.hostname or where} with {parts.path!r} is no address of a Qdrant server.",
            fix="Give it as http://HOST:6333/COLLECTION, and a key as QDRANT_API_KEY.",
        )
    return f"{parts.scheme}://{parts.netloc}", names[0] or COLLECTION


class ServerPoints:
    """One collection, through Qdrant's own client. Threads may share it."""

    kind = "qdrant"

    def __init__(self, client: Native, collection: str, place: str, *, create: bool) -> None:
        self.place = place
        self._client = client
        self._collection = collection
        self._m: Native = required("qdrant_client.models")
        with self._explained():
            if client.collection_exists(collection):
                return
            if not create:
                raise DocumentError(
                    f"There is no index of documents in {place}.", fix="Try: sprat index PATH…"
                )
            self._make()

    def _make(self) -> None:
        idf = self._m.SparseVectorParams(modifier=self._m.Modifier.IDF)
        self._client.create_collection(
            self._collection, vectors_config={}, sparse_vectors_config={WORDS: idf}
        )
        for field in ("kind", "file"):
            keyword = self._m.PayloadSchemaType.KEYWORD
            self._client.create_payload_index(self._collection, field, keyword, wait=True)

    # -- writing ---------------------------------------------------------------------------------

    def upsert(self, points: Sequence[Point]) -> None:
        """Keep them all, in one operation."""
        made = [
            self._m.PointStruct(id=one.id, vector=self._vectors(one), payload=one.payload)
            for one in points
        ]
        with self._explained():
            self._client.upsert(self._collection, made, wait=True)

    def delete(self, ids: Sequence[Id]) -> None:
        """Forget points."""
        with self._explained():
            self._client.delete(self._collection, self._m.PointIdsList(points=list(ids)), wait=True)

    def delete_passages(self, file: str, *, base: int, before_s: float) -> None:
        """Forget a file's passages: those of one `base`, and those begun before a time."""
        old = self._m.FieldCondition(key="begun_s", range=self._m.Range(lt=before_s))
        which = self._m.Filter(
            must=[self._is("kind", "passage"), self._is("file", file)],
            should=[self._is("base", base), old],
        )
        with self._explained():
            chosen = self._m.FilterSelector(filter=which)
            self._client.delete(self._collection, chosen, wait=True)

    def add_dense(self, dimensions: int) -> None:
        """From now on points may have dense vectors of this size."""
        cosine = self._m.DenseVectorConfig(size=dimensions, distance=self._m.Distance.COSINE)
        config = self._m.DenseVectorNameConfig(dense=cosine)
        with self._explained():
            self._client.create_vector_name(self._collection, DENSE, config)

    def _vectors(self, point: Point) -> dict[str, Native]:
        found: dict[str, Native] = {}
        if point.words is not None:
            found[WORDS] = self._sparse(point.words)
        if point.dense is not None:
            found[DENSE] = point.dense
        return found

    # -- reading ---------------------------------------------------------------------------------

    def retrieve(self, ids: Sequence[Id], fields: Sequence[str]) -> dict[Id, Payload]:
        """Those of these ids that are there."""
        with self._explained():
            found = self._client.retrieve(self._collection, list(ids), with_payload=list(fields))
        return {one.id: dict(one.payload or {}) for one in found}

    def every(self, kind: Kind, fields: Sequence[str]) -> Iterator[Payload]:
        """All points of one kind."""
        place: Native = None
        while True:
            with self._explained():
                found, place = self._client.scroll(
                    self._collection,
                    scroll_filter=self._m.Filter(must=[self._is("kind", kind)]),
                    limit=PAGE,
                    offset=place,
                    with_payload=list(fields),
                )
            yield from (dict(one.payload or {}) for one in found)
            if place is None:
                return

    def count(self, kind: Kind) -> int:
        """How many there are of one kind."""
        only = self._m.Filter(must=[self._is("kind", kind)])
        with self._explained():
            return int(self._client.count(self._collection, count_filter=only, exact=True).count)

    def by_words(self, words: Sparse, most: int) -> list[Hit]:
        """The best by BM25."""
        return self._nearest(self._sparse(words), WORDS, most)

    def by_vector(self, vector: list[float], most: int) -> list[Hit]:
        """The best by cosine; of a large collection the server looks at the likeliest."""
        return self._nearest(vector, DENSE, most)

    def _nearest(self, vector: Native, name: str, most: int) -> list[Hit]:
        with self._explained():
            found = self._client.query_points(
                self._collection, query=vector, using=name, limit=most, with_payload=False
            )
        return [Hit(int(one.id), float(one.score)) for one in found.points]

    def size_bytes(self) -> int | None:
        """A server does not say."""
        return None

    def close(self) -> None:
        """Let go of the connections. Safe to call twice."""
        self._client.close()

    # -- within ----------------------------------------------------------------------------------

    def _sparse(self, words: Sparse) -> Native:
        return self._m.SparseVector(indices=words[0], values=words[1])

    def _is(self, field: str, value: str | int) -> Native:
        return self._m.FieldCondition(key=field, match=self._m.MatchValue(value=value))

    @contextmanager
    def _explained(self) -> Generator[None]:
        """In one line what the client raises."""
        try:
            yield
        except Exception as error:
            if not any(kind.__name__ in _TROUBLE for kind in type(error).__mro__):
                raise
            raise _trouble(self.place, error) from None  # the chain may hold the key


def _trouble(place: str, error: Exception) -> DocumentError:
    status = getattr(error, "status_code", None)
    if status in (401, 403):
        return DocumentError(
            f"The Qdrant server of {place} refuses: {status}.", fix="Set QDRANT_API_KEY to its key."
        )
    if status is None:
        return DocumentError(
            f"The Qdrant server of {place} does not answer: {first_line(error)}.",
            fix="Start it, or check the address.",
        )
    said = getattr(error, "content", b"").decode("utf-8", "replace")
    return DocumentError(
        f"The Qdrant server of {place} answers {status}: {first_line(Exception(said))}.",
        fix="See its log.",
    )
