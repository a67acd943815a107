"""Files → a store: what is new or changed is read, cut, embedded and kept; what is gone goes."""

import hashlib
from asyncio import Task, create_task, to_thread
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PurePath

import msgspec

from sprat.engines.base import Embedder
from sprat.errors import ContextTooLong, DocumentError, UnsupportedRequest
from sprat.measure.clock import now_ns
from sprat.rag.chunk import MOST_TOKENS, chunk, worded
from sprat.rag.document import Document, Passage
from sprat.rag.read import bytes_of, document_of
from sprat.rag.read.walk import Entry, walk
from sprat.rag.scope import check, gone, left_alone, without_the_store
from sprat.rag.store.base import Indexed, Store

TEXTS = 64
"""Embedded in one call, so that progress is told and Ctrl-C heard within a second or two."""
_LEAST_TOKENS = MOST_TOKENS // 16


class Indexing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is."""

    file: str
    """The one in hand."""
    files: int
    """Done, of `of_files`."""
    of_files: int
    bytes: float
    """Of the files done, and of the one in hand as much as is embedded."""
    of_bytes: int
    passages: int
    """Read and kept, or about to be, in this run."""


class IndexReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did."""

    added: int
    changed: int
    """Read again: their bytes are others, or passages of them lacked vectors."""
    unchanged: int
    removed: int
    """Forgotten: they are no longer there."""
    skipped: tuple[tuple[str, str], ...]
    """Files and folders that could not be read, and why, in one line."""
    words_only: tuple[tuple[str, str], ...] = ()
    """Files that are kept without vectors although there is an embedder, and why."""
    passages: int
    """Of the files added and changed."""
    seconds: float


async def index(
    paths: Sequence[Path],
    store: Store,
    embedder: Embedder | None,
    *,
    forget: bool = False,
    progress: Callable[[Indexing], None] | None = None,
) -> IndexReport:
    """Make `store` hold what the files among `paths`, and below the folders among them, say now.

    Whether a file is unchanged is told by the SHA-256 of its bytes: time stamps are kept by copies
    and set back by checkouts. Each file is kept, or replaced, in one step: whatever ends a run,
    what was done stays done, and the next one goes on from there. What is gone from a folder goes
    from the store; not what lies below a folder that cannot be listed, nor below a path that is not
    there or is empty, as a drive that is not mounted is: that goes only with `forget`.

    Raises:
        UsageError: a path is not there, and nothing of it is in the store either.
        DocumentError: the store cannot be used.
        EngineError: the embedder gave no answer.
    """
    begun_ns = now_ns()
    run = _Run(store, embedder, await to_thread(store.documents), progress)
    check(paths, run.known)
    walked = await to_thread(walk, paths)
    await run.read(without_the_store(walked.entries, store.info()))
    alone = left_alone(walked, run.known, forget=forget)
    run.skip(alone)
    files = gone(paths, run.known, walked.entries, [file for file, _ in alone])
    removed = await to_thread(store.remove, files) if files else 0
    return run.report(removed, (now_ns() - begun_ns) / 1e9)


async def add(document: Document, store: Store, embedder: Embedder | None) -> int:
    """Keep one document, an upload say; how many passages it has.

    Raises:
        DocumentError: the store cannot be used.
        EngineError: the embedder gave no answer.
    """
    passages = await to_thread(chunk, document)
    vectors: list[bytes] | None = None
    if embedder is not None:
        with suppress(_Unembeddable):
            passages, vectors = await _embedded(document, passages, embedder, lambda _: None)
    await to_thread(store.put, document, passages, vectors)
    return len(passages)


class _Unembeddable(Exception):
    """The embedder cannot read a document; what it said."""


class _Ready(msgspec.Struct, frozen=True):
    """A file that is read and cut, or why it is not; neither: it is unchanged."""

    document: Document | None = None
    passages: tuple[Passage, ...] = ()
    why: str | None = None
    is_stale: bool = False
    """Whether what the store has of it is no longer what the file says."""


class _Run:
    """One run: while a file is embedded, the next one is read."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder | None,
        known: dict[str, Indexed],
        progress: Callable[[Indexing], None] | None,
    ) -> None:
        self.known = known
        self._store = store
        self._embedder = embedder
        self._progress = progress
        self._entries: list[Entry] = []
        self._done = self._done_bytes = self._of_bytes = 0
        self._added = self._changed = self._unchanged = self._stale = self._passages = 0
        self._skipped: list[tuple[str, str]] = []
        self._words_only: list[tuple[str, str]] = []

    async def read(self, entries: list[Entry]) -> None:
        self._entries, self._of_bytes = entries, sum(entry.bytes for entry in entries)
        ahead: Task[_Ready] | None = None
        try:
            for place, entry in enumerate(entries):
                ready = await (ahead or create_task(to_thread(self._ready, entry)))
                following = entries[place + 1 : place + 2]
                ahead = create_task(to_thread(self._ready, following[0])) if following else None
                self._tell(entry, 0)
                await self._take(entry, ready)
                self._done, self._done_bytes = self._done + 1, self._done_bytes + entry.bytes
        finally:
            if ahead is not None:
                ahead.cancel()

    def skip(self, some: Sequence[tuple[str, str]]) -> None:
        self._skipped += [(_encodable(file), _encodable(why)) for file, why in some]

    def report(self, removed: int, seconds: float) -> IndexReport:
        return IndexReport(
            added=self._added,
            changed=self._changed,
            unchanged=self._unchanged,
            removed=removed,
            skipped=tuple(self._skipped),
            words_only=tuple(self._words_only),
            passages=self._passages,
            seconds=seconds,
        )

    def _ready(self, entry: Entry) -> _Ready:
        """Read and cut one file, in a thread. Whatever is wrong with it is wrong with it alone."""
        known = self.known.get(entry.file)
        if entry.file != _encodable(entry.file):
            name = _encodable(entry.path.name)
            return _Ready(why=f"{name} is not read: its name is no UTF-8. Give it another.")
        try:
            data = bytes_of(entry.path)
        except DocumentError as error:
            return _Ready(why=str(error))
        digest = hashlib.sha256(data).hexdigest()
        if known and known.sha256 == digest and (known.embedded or self._embedder is None):
            return _Ready()
        is_stale = known is not None and known.sha256 != digest
        try:
            document = document_of(entry.file, data)
            return _Ready(document, tuple(chunk(document)), is_stale=is_stale)
        except DocumentError as error:
            return _Ready(why=str(error), is_stale=is_stale)
        except Exception as error:  # noqa: BLE001 - one file must not end the run
            name = PurePath(entry.file).name
            return _Ready(why=f"{name} cannot be read: {type(error).__name__}.", is_stale=is_stale)

    async def _take(self, entry: Entry, ready: _Ready) -> None:
        if ready.why is not None:
            self._skipped.append((_encodable(entry.file), ready.why))
            if ready.is_stale:
                await to_thread(self._store.remove, [entry.file])
        elif ready.document is None:
            self._unchanged += 1
        else:
            await self._keep(entry, ready.document, ready.passages)

    async def _keep(self, entry: Entry, document: Document, passages: Sequence[Passage]) -> None:
        vectors: list[bytes] | None = None
        if self._embedder is not None:
            try:
                passages, vectors = await _embedded(
                    document, passages, self._embedder, lambda share: self._tell(entry, share)
                )
            except _Unembeddable as error:
                self._words_only.append((entry.file, str(error)))
        await to_thread(self._store.put, document, passages, vectors)
        self._passages += len(passages)
        if entry.file in self.known:
            self._changed += 1
        else:
            self._added += 1

    def _tell(self, entry: Entry, share: float) -> None:
        if self._progress:
            self._progress(
                Indexing(
                    file=entry.file,
                    files=self._done,
                    of_files=len(self._entries),
                    bytes=self._done_bytes + share * entry.bytes,
                    of_bytes=self._of_bytes,
                    passages=self._passages,
                )
            )


async def _embedded(
    document: Document,
    passages: Sequence[Passage],
    embedder: Embedder,
    tell: Callable[[float], None],
) -> tuple[Sequence[Passage], list[bytes]]:
    """The passages and their vectors; cut finer where the model reads less than was thought.

    Raises:
        _Unembeddable: the model refuses them however they are cut.
        EngineError: it gave no answer.
    """
    most_tokens = MOST_TOKENS
    while True:
        try:
            return passages, await _vectors([worded(one) for one in passages], embedder, tell)
        except UnsupportedRequest as error:
            raise _Unembeddable(str(error)) from error
        except ContextTooLong as error:
            most_tokens //= 2
            if most_tokens < _LEAST_TOKENS:
                raise _Unembeddable(str(error)) from error
            passages = await to_thread(chunk, document, most_tokens)


async def _vectors(
    texts: list[str], embedder: Embedder, tell: Callable[[float], None]
) -> list[bytes]:
    """One per text; texts of like length go together, so that little is padding."""
    places = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    vectors = [b""] * len(texts)
    for first in range(0, len(places), TEXTS):
        some = places[first : first + TEXTS]
        embedded = await embedder.embed([texts[place] for place in some])
        for place, vector in zip(some, embedded.vectors, strict=True):
            vectors[place] = vector
        tell((first + len(some)) / len(places))
    return vectors


def _encodable(file: str) -> str:
    """The name with a `?` for each byte that is no UTF-8: such names cannot be kept or shown."""
    return file.encode("utf-8", "replace").decode()
