"""The store of one folder as an embedded Qdrant shard: no server, and one process at a time.

Its files are those of a server's shard; its points are laid out as `points` says.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sprat.errors import DocumentError, first_line
from sprat.rag.document import Hit
from sprat.rag.store.extra import required
from sprat.rag.store.faults import damaged, explained, foreign
from sprat.rag.store.point import DENSE, WORDS, Id, Kind, Payload, Point
from sprat.rag.store.points import PointStore
from sprat.rag.store.sparse import Sparse

Native = Any
"""An object of the native package."""
PAGE = 1_000
"""Points read in one go."""


def open_edge(
    folder: Path, *, create: bool, embedder: str | None, dimensions: int | None
) -> PointStore:
    """The store of a folder.

    Raises:
        UsageError: the extra `qdrant` is not installed.
        DocumentError: as `PointStore`; or another process has it open.
    """
    shard = EdgePoints(folder, create=create)
    try:
        return PointStore(shard, create=create, embedder=embedder, dimensions=dimensions)
    except BaseException:
        shard.close()
        raise


class EdgePoints:
    """The shard in a folder. Threads may share it."""

    kind = "qdrant-edge"

    def __init__(self, folder: Path, *, create: bool) -> None:
        self._folder = folder
        self.place = f"qdrant-edge:{folder}"
        self._q: Native = required("qdrant_edge")
        self._lock = Lock()
        self._closed = False
        with self._explained():
            self._shard: Native = self._opened(create)

    def _opened(self, create: bool) -> Native:
        if (self._folder / "edge_config.json").is_file():
            return self._q.EdgeShard.load(str(self._folder))
        if not create:
            raise DocumentError(
                f"There is no index of documents in {self._folder}.", fix="Try: sprat index PATH…"
            )
        if self._folder.is_dir() and any(self._folder.iterdir()):
            raise foreign(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        idf = self._q.EdgeSparseVectorParams(modifier=self._q.Modifier.Idf)
        config = self._q.EdgeConfig(vectors={}, sparse_vectors={WORDS: idf})
        shard = self._q.EdgeShard.create(str(self._folder), config)
        for field in ("kind", "file"):
            keyword = self._q.PayloadSchemaType.Keyword
            shard.update(self._q.UpdateOperation.create_field_index(field, keyword))
        return shard

    # -- writing ---------------------------------------------------------------------------------

    def upsert(self, points: Sequence[Point]) -> None:
        """Keep them all, in one operation."""
        made = [self._q.Point(one.id, self._vectors(one), one.payload) for one in points]
        self._update(self._q.UpdateOperation.upsert_points(made))

    def delete(self, ids: Sequence[Id]) -> None:
        """Forget points."""
        self._update(self._q.UpdateOperation.delete_points(list(ids)))

    def delete_passages(self, file: str, *, base: int, before_s: float) -> None:
        """Forget a file's passages: those of one `base`, and those begun before a time."""
        old = self._q.FieldCondition("begun_s", range=self._q.RangeFloat(lt=before_s))
        which = self._q.Filter(
            must=[self._is("kind", "passage"), self._is("file", file)],
            should=[self._is("base", base), old],
        )
        self._update(self._q.UpdateOperation.delete_points_by_filter(which))

    def add_dense(self, dimensions: int) -> None:
        """From now on points may have dense vectors of this size."""
        cosine = self._q.Distance.Cosine
        self._update(self._q.UpdateOperation.create_dense_vector(DENSE, dimensions, cosine))

    def _update(self, operation: Native) -> None:
        with self._lock, self._explained():
            self._shard.update(operation)

    def _vectors(self, point: Point) -> dict[str, Native]:
        found: dict[str, Native] = {}
        if point.words is not None:
            found[WORDS] = self._q.SparseVector(*point.words)
        if point.dense is not None:
            found[DENSE] = point.dense
        return found

    # -- reading ---------------------------------------------------------------------------------

    def retrieve(self, ids: Sequence[Id], fields: Sequence[str]) -> dict[Id, Payload]:
        """Those of these ids that are there."""
        with self._explained():
            found = self._shard.retrieve(list(ids), self._only(fields), with_vector=False)
        return {_id(one.id): dict(one.payload) for one in found}

    def every(self, kind: Kind, fields: Sequence[str]) -> Iterator[Payload]:
        """All points of one kind."""
        place: Native = None
        while True:
            asked = self._q.ScrollRequest(
                offset=place,
                limit=PAGE,
                filter=self._q.Filter(must=[self._is("kind", kind)]),
                with_payload=self._only(fields),
            )
            with self._explained():
                found, place = self._shard.scroll(asked)
            yield from (dict(one.payload) for one in found)
            if place is None:
                return

    def count(self, kind: Kind) -> int:
        """How many there are of one kind."""
        only = self._q.Filter(must=[self._is("kind", kind)])
        with self._explained():
            return int(self._shard.count(self._q.CountRequest(exact=True, filter=only)))

    def by_words(self, words: Sparse, most: int) -> list[Hit]:
        """The best by BM25."""
        return self._nearest(self._q.SparseVector(*words), WORDS, most)

    def by_vector(self, vector: list[float], most: int) -> list[Hit]:
        """The best by cosine: every vector is looked at."""
        return self._nearest(vector, DENSE, most)

    def _nearest(self, vector: Native, name: str, most: int) -> list[Hit]:
        asked = self._q.QueryRequest(
            limit=most,
            query=self._q.Query.Nearest(vector, using=name),
            params=self._q.SearchParams(exact=True),
            with_payload=False,
        )
        with self._explained():
            found = self._shard.query(asked)
        return [Hit(int(one.id), float(one.score)) for one in found]

    def size_bytes(self) -> int | None:
        """On disk."""
        return sum(one.stat().st_size for one in self._folder.rglob("*") if one.is_file())

    def close(self) -> None:
        """Let go of it. Safe to call twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._shard.close()

    # -- within ----------------------------------------------------------------------------------

    def _is(self, field: str, value: str | int) -> Native:
        return self._q.FieldCondition(field, match=self._q.MatchValue(value))

    def _only(self, fields: Sequence[str]) -> Native:
        return self._q.PayloadSelector.Include(list(fields))

    @contextmanager
    def _explained(self) -> Generator[None]:
        """The package raises plain exceptions: in one line what they say."""
        try:
            yield
        except OSError as error:
            raise explained(self._folder, error) from error
        except Exception as error:
            if type(error) is not Exception:  # not the shard's
                raise
            if "WouldBlock" in str(error):
                raise DocumentError(
                    f"The index {self._folder} is open in another process, and qdrant-edge takes "
                    "one at a time.",
                    fix="Stop that one, or use a plain folder or a Qdrant server as the --store.",
                ) from error
            raise damaged(self._folder, first_line(error)) from error


def _id(found: Native) -> Id:
    return found if isinstance(found, int) else str(found)
