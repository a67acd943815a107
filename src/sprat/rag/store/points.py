"""A store of Qdrant points, wherever they are: one layout for the embedded shard and the server.

- A passage is a point whose id is its key, with two vectors: `words` (BM25; Qdrant itself weighs a
  word by how rare it is) and `dense` (cosine). Payload: the passage's fields, `base`, and when it
  was written.
- A document is a point whose id is made of its file, without vectors. Payload: what `Indexed` says,
  its text (compressed), and `base`: the key of its first passage.
- The store itself is a point too: its format, and whose vectors it holds.

Qdrant has no transactions over points, so a document's point is the commit: a passage is shown only
while its file's document names the same `base`. Passages come first, then the document, and what
the document before it named goes last, and no more: other passages may be those of a writer that is
about to commit. A writer killed in between leaves passages that nobody is shown, and that go when
the file is indexed again a day later.
"""

import base64
import math
import secrets
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from sprat.errors import DocumentError
from sprat.rag.document import Document, Hit, Passage
from sprat.rag.store.base import FORMAT, Indexed, StoreInfo, check_embedder, check_vectors
from sprat.rag.store.point import Id, Payload, Point, Points
from sprat.rag.store.sparse import Bm25, K
from sprat.rag.store.text import packed, unpacked, whole
from sprat.rag.store.vectors import unit_rows

MOST_PASSAGES = 2**17
"""Of one document: the lowest bits of a key number them."""
LEFT_S = 86_400.0
"""So old are passages that no document names before they are taken for a killed writer's."""
BATCH = 256
"""Points in one request."""
QUERY_CHARS = 20_000
"""Of a question that are looked at."""
_Item = TypeVar("_Item")
_STORE = str(uuid.uuid5(uuid.NAMESPACE_URL, "sprat:store"))
_INDEXED = Indexed.__struct_fields__
_PASSAGE = Passage.__struct_fields__


class _Self(msgspec.Struct, kw_only=True):
    """The payload of the store's own point."""

    format: int = FORMAT
    embedder: str | None = None
    dimensions: int | None = None


class PointStore:
    """Passages as points of `points`.

    Raises:
        DocumentError: there is no store (unless `create`), or it is of another format, or holds the
            vectors of another embedder.
    """

    def __init__(
        self, points: Points, *, create: bool, embedder: str | None, dimensions: int | None
    ) -> None:
        self._points = points
        self._bm25 = Bm25()
        held = self._self(create)
        check_embedder(points.place, held.embedder, embedder)
        if create and embedder and (held.embedder, held.dimensions) != (embedder, dimensions):
            self._adopt(held, embedder, dimensions)

    def _self(self, create: bool) -> _Self:
        """What the store says of itself; with `create`, it says it for the first time."""
        found = self._points.retrieve([_STORE], _Self.__struct_fields__).get(_STORE)
        if found is None and create:
            self._say(_Self())
        elif found is None:
            raise DocumentError(
                f"{self._points.place} is no index of documents.", fix="Try: sprat index PATH…"
            )
        held = msgspec.convert(found or {}, _Self)
        if held.format != FORMAT:
            raise DocumentError(
                f"{self._points.place} has format {held.format}; this Sprat reads {FORMAT}.",
                fix="Make it again: sprat index PATH… --rebuild",
            )
        return held

    def _say(self, held: _Self) -> None:
        payload = {**msgspec.structs.asdict(held), "kind": "store"}
        self._points.upsert([Point(id=_STORE, payload=payload)])

    def _adopt(self, held: _Self, embedder: str, dimensions: int | None) -> None:
        if dimensions and held.dimensions is None:
            self._points.add_dense(dimensions)
        self._say(_Self(embedder=embedder, dimensions=held.dimensions or dimensions))

    def close(self) -> None:
        """Let go of it. Safe to call twice."""
        self._points.close()

    # -- writing ---------------------------------------------------------------------------------

    def put(
        self, document: Document, passages: Sequence[Passage], vectors: Sequence[bytes] | None
    ) -> None:
        """Keep a document, in place of what its file had before.

        Raises:
            DocumentError: vectors of another size than the store's, or not one per passage; too
                many passages; the place cannot be used.
        """
        _check_count(document, passages)
        dense = self._dense(len(passages), vectors)
        base = self._new_base()
        begun_s = time.time()
        made = (
            Point(
                id=base + at,
                payload=_passage_payload(one, base, begun_s),
                words=self._bm25.passage(whole(f"{one.heading}\n{one.text}")),
                dense=dense[at] if dense else None,
            )
            for at, one in enumerate(passages)
        )
        for some in _batches(made):
            self._points.upsert(some)
        payload = _document_payload(document, len(passages), vectors is not None, base)
        replaced = self._bases([document.file])
        self._points.upsert([Point(id=_id(document.file), payload=payload)])
        self._sweep(document.file, replaced)

    def _dense(self, passages: int, vectors: Sequence[bytes] | None) -> list[list[float]] | None:
        if vectors is None:
            return None
        held = self._self(create=False)
        check_vectors(self._points.place, held.embedder, passages, len(vectors))
        if not vectors or held.embedder is None:
            return None
        rows = unit_rows(vectors, held.dimensions)
        if held.dimensions is None:
            self._adopt(held, held.embedder, rows.shape[1])
        return [row.tolist() for row in rows]

    def _new_base(self) -> int:
        """The key of a first passage: drawn, so that writers need not agree on a next one."""
        while True:
            base = (secrets.randbits(62) // MOST_PASSAGES + 1) * MOST_PASSAGES
            if not self._points.retrieve([base], ["base"]):
                return base

    def remove(self, files: Iterable[str]) -> int:
        """Forget documents; how many there were."""
        gone = 0
        for some in _batches(files):
            there = self._bases(some)
            gone += len(there)
            if there:
                self._points.delete(list(there))
            for file in some:
                self._sweep(file, there)
        return gone

    def _bases(self, files: Iterable[str]) -> dict[Id, int]:
        """Which passages are those of these files' documents, by the document's id."""
        found = self._retrieved([_id(file) for file in files], ["base"])
        return {document: int(one["base"]) for document, one in found.items()}

    def _sweep(self, file: str, bases: dict[Id, int]) -> None:
        """Forget a file's passages of one of `bases`, and what killed writers left of it."""
        base = bases.get(_id(file), 0)  # no passage has 0
        self._points.delete_passages(file, base=base, before_s=time.time() - LEFT_S)

    # -- reading ---------------------------------------------------------------------------------

    def info(self) -> StoreInfo:
        """What it holds at this moment; what killed writers left behind is counted too."""
        held = self._self(create=False)
        return StoreInfo(
            kind=self._points.kind,
            place=self._points.place,
            documents=self._points.count("document"),
            passages=self._points.count("passage"),
            embedder=held.embedder,
            dimensions=held.dimensions,
            bytes=self._points.size_bytes(),
        )

    def documents(self) -> dict[str, Indexed]:
        """By file."""
        every = self._points.every("document", _INDEXED)
        return {one["file"]: msgspec.convert(one, Indexed) for one in every}

    def text(self, file: str) -> str | None:
        """A document's whole text, as it was read; None: it is not here."""
        found = self._points.retrieve([_id(file)], ["body"]).get(_id(file))
        return unpacked(base64.b64decode(found["body"])) if found else None

    def lexical(self, query: str, most: int) -> list[Hit]:
        """The passages that share words with `query`, best first. Any text is a query.

        BM25 as Qdrant computes it, English stems and stop words. Qdrant does not say how rare a
        word is, so the most that one could bring is taken from a word of √N passages of N.
        """
        words = self._bm25.query(whole(query[:QUERY_CHARS]))
        if most < 1 or not words[0]:
            return []
        most_of_one = (K + 1) * math.log1p(math.sqrt(self._points.count("passage")))
        whole_score = len(words[0]) * most_of_one
        return [
            Hit(hit.key, min(hit.score / whole_score, 1.0))
            for hit in self._points.by_words(words, most)
        ]

    def dense(self, vector: bytes, most: int) -> list[Hit]:
        """The passages whose vectors are nearest, by cosine, best first; none without vectors."""
        dimensions = self._self(create=False).dimensions
        if dimensions is None or most < 1:
            return []
        return self._points.by_vector(unit_rows([vector], dimensions)[0].tolist(), most)

    def passages(self, keys: Sequence[int]) -> dict[int, Passage]:
        """The passages of these keys; those removed meanwhile are left out."""
        found = self._retrieved(keys, [*_PASSAGE, "base"])
        files = {one["file"] for one in found.values()}
        bases = self._bases(files)
        return {
            int(key): msgspec.convert(one, Passage)
            for key, one in found.items()
            if bases.get(_id(one["file"])) == one["base"]
        }

    def _retrieved(self, ids: Sequence[Id], fields: Sequence[str]) -> dict[Id, Payload]:
        found: dict[Id, Payload] = {}
        for some in _batches(ids):
            found.update(self._points.retrieve(some, fields))
        return found


def _check_count(document: Document, passages: Sequence[Passage]) -> None:
    if len(passages) > MOST_PASSAGES:
        raise DocumentError(
            f"{document.file} has {len(passages)} passages; {MOST_PASSAGES} fit.",
            fix="Cut the file in two.",
        )


def _passage_payload(passage: Passage, base: int, begun_s: float) -> Payload:
    fields = msgspec.structs.asdict(passage)
    words = {"text": whole(passage.text), "heading": whole(passage.heading)}
    return {**fields, **words, "kind": "passage", "base": base, "begun_s": begun_s}


def _document_payload(of: Document, passages: int, embedded: bool, base: int) -> Payload:
    kept = Indexed(
        file=of.file,
        title=whole(of.title),
        sha256=of.sha256,
        bytes=of.bytes,
        media=of.media,
        passages=passages,
        embedded=embedded,
    )
    body = base64.b64encode(packed(of.text)).decode()
    return {**msgspec.structs.asdict(kept), "kind": "document", "base": base, "body": body}


def _id(file: str) -> str:
    """A document's id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, file))


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    some: list[_Item] = []
    for item in items:
        some.append(item)
        if len(some) == BATCH:
            yield some
            some = []
    if some:
        yield some
