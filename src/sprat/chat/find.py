"""Where a chat looks: the documents it was started with, what was uploaded into it, or both."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from sprat.chat.places import is_id
from sprat.engines.base import Embedder
from sprat.errors import DocumentError
from sprat.rag.document import Retrieved
from sprat.rag.store.base import Store

MOST_DOCUMENTS = 20
MOST_BYTES = 64 * 2**20
"""Of all documents uploaded into one chat."""


class Finder(Protocol):
    """Finds passages for a question: `rag.retrieve.Retriever`, or several as one."""

    async def find(self, query: str, most: int = 6) -> Retrieved:
        """The passages that fit best, best first."""
        ...


class Together:
    """Several finders as one. Their scores are of one scale, so the best of all are the best."""

    def __init__(self, finders: Sequence[Finder]) -> None:
        self._finders = tuple(finders)

    async def find(self, query: str, most: int = 6) -> Retrieved:
        """Ask all at once. Of equals the first finder's come first."""
        answers = await asyncio.gather(*(finder.find(query, most) for finder in self._finders))
        found = sorted(
            (hit for answer in answers for hit in answer.found), key=lambda hit: -hit.score
        )
        return Retrieved(
            query=query,
            found=tuple(found[:most]),
            lexical_s=max((answer.lexical_s for answer in answers), default=0.0),
            embed_s=_longest([answer.embed_s for answer in answers]),
            dense_s=_longest([answer.dense_s for answer in answers]),
        )


def _longest(values_s: Sequence[float | None]) -> float | None:
    known = [value for value in values_s if value is not None]
    return max(known, default=None)


class Uploads:
    """The documents uploaded into one chat, in a store of its own below `folder`."""

    def __init__(self, folder: Path, embedder: Embedder | None) -> None:
        self._folder = folder
        self._embedder = embedder
        self._store: Store | None = None
        self._adding = asyncio.Lock()

    async def open(self) -> bool:
        """Open what an earlier visit left; whether there was anything."""
        async with self._adding:
            if self._store is None and await asyncio.to_thread(self._folder.is_dir):
                await self._make()
        return self._store is not None

    async def add(self, name: str, data: bytes) -> int:
        """Read and index one document, in place of one of the same name; how many passages.

        Raises:
            DocumentError: it cannot be read, has no text, or there are too many already.
        """
        from sprat.rag.index import add
        from sprat.rag.read import read_bytes

        async with self._adding:
            document = await asyncio.to_thread(read_bytes, name, data)
            store = self._store or await self._make()
            await asyncio.to_thread(_check_room, store, document.file, len(data))
            return await add(document, store, self._embedder)

    def finder(self) -> Finder | None:
        """Finds in them; None: nothing was uploaded."""
        if self._store is None:
            return None
        from sprat.rag.retrieve import Retriever

        return Retriever(self._store, self._embedder)

    def names(self) -> tuple[str, ...]:
        """What was uploaded. Blocks."""
        return () if self._store is None else tuple(self._store.documents())

    def text(self, file: str) -> str | None:
        """A document's whole text; None: it is not among them. Blocks."""
        return None if self._store is None else self._store.text(file)

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    async def _make(self) -> Store:
        self._store = await asyncio.to_thread(self._opened)
        return self._store

    def _opened(self) -> Store:
        """What another embedder was used for is searched by words only from now on."""
        from sprat.rag.store import open_store

        place = str(self._folder)
        if self._embedder is None:
            return open_store(place, create=True)
        try:
            return open_store(place, create=True, embedder=self._embedder.name)
        except DocumentError:
            store = open_store(place)
            self._embedder = None
            return store


def remove_uploads(folder: Path, thread: str) -> None:
    """Forget what was uploaded into a chat that is forgotten itself."""
    if is_id(thread):
        shutil.rmtree(folder / thread, ignore_errors=True)


def _check_room(store: Store, name: str, new_bytes: int) -> None:
    held = store.documents()
    others = [document for file, document in held.items() if file != name]
    if len(others) >= MOST_DOCUMENTS:
        raise DocumentError(
            f"This chat holds {len(others)} documents already, and {MOST_DOCUMENTS} are the most.",
            fix="Start a new chat, or index the folder: sprat chat --docs FOLDER",
        )
    whole = new_bytes + sum(document.bytes for document in others)
    if whole > MOST_BYTES:
        raise DocumentError(
            f"With {name} this chat would hold {whole / 2**20:.0f} MiB of documents, and "
            f"{MOST_BYTES // 2**20} are the most.",
            fix="Start a new chat, or index the folder: sprat chat --docs FOLDER",
        )


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one uploaded file."""

    name: str
    passages: int = 0
    error: str | None = None
    """One line; None: it was indexed."""
