"""Documents that come with their questions, indexed in a store of their own."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sprat.settings import Settings
from sprat.studies.grounded.question import Paper

if TYPE_CHECKING:
    from sprat.engines.base import Embedder
    from sprat.rag.document import Document

Indexing = Callable[[int, int], None]
"""(documents done, documents in all)."""


def store_of(papers: Sequence[Paper], settings: Settings) -> Path:
    """Where these documents are kept: the same ones, the same place, so indexing is done once."""
    told = hashlib.sha256()
    for paper in papers:
        told.update(f"{paper.file}\0{paper.text}\0".encode())
    return settings.runs_file.parent / "evaluated" / told.hexdigest()[:16]


async def index_papers(
    papers: Sequence[Paper],
    folder: Path,
    settings: Settings,
    *,
    embedder_name: str | None,
    told: Indexing | None = None,
) -> None:
    """Put what is not there yet into the store; one that was cut off goes on where it was.

    Raises:
        DocumentError: the store cannot be used.
        ModelError: the embedding model could not be fetched.
    """
    from sprat.rag.index import add
    from sprat.rag.store import open_store

    store = await asyncio.to_thread(
        lambda: open_store(str(folder), create=True, embedder=embedder_name)
    )
    try:
        known = {file: one.sha256 for file, one in store.documents().items()}
        wanted = [document_of(paper) for paper in papers]
        missing = [one for one in wanted if known.get(one.file) != one.sha256]
        if not missing:
            return
        async with _embedder(embedder_name, settings) as embedder:
            for done, document in enumerate(missing, len(wanted) - len(missing)):
                if told:
                    told(done, len(wanted))
                await add(document, store, embedder)
    finally:
        store.close()


def document_of(paper: Paper) -> "Document":
    """A paper as the store keeps it."""
    from sprat.rag.document import Document

    data = paper.text.encode()
    return Document(
        file=paper.file,
        title=paper.title,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        media="text",
        text=paper.text,
    )


@asynccontextmanager
async def _embedder(name: str | None, settings: Settings) -> "AsyncGenerator[Embedder | None]":
    if name is None:
        yield None
        return
    from sprat.door import open_embedder

    embedder = await asyncio.to_thread(lambda: open_embedder(name, settings))
    try:
        yield embedder
    finally:
        await embedder.aclose()
