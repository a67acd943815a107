"""Where passages are kept and found: one protocol, several stores."""

from pathlib import Path

from sprat.errors import UsageError
from sprat.rag.store.base import Indexed, Store, StoreInfo

__all__ = ["Indexed", "Store", "StoreInfo", "open_store"]


def open_store(
    where: str,
    *,
    create: bool = False,
    embedder: str | None = None,
    dimensions: int | None = None,
) -> Store:
    """The store of a place: a folder, `qdrant-edge:FOLDER`, or a Qdrant server's address.

    An address may end in `/COLLECTION`. With `create` it is made where there is none, and an
    `embedder` becomes the one whose vectors it holds, where it holds none yet; `dimensions` None:
    as many as the first vectors have.

    Raises:
        DocumentError: there is no store, it cannot be used, or holds another embedder's vectors.
        UsageError: `where` is no place; or what that kind of store needs is not installed.
    """
    if not where.strip():
        raise UsageError("A store needs a place.", fix="Give a folder: --store ./documents")
    if where.startswith(("http://", "https://")):
        from sprat.rag.store.qdrant import open_server

        return open_server(where, create=create, embedder=embedder, dimensions=dimensions)
    if where.startswith("qdrant-edge:"):
        from sprat.rag.store.qdrant_edge import open_edge

        folder = Path(where.removeprefix("qdrant-edge:")).expanduser()
        return open_edge(folder, create=create, embedder=embedder, dimensions=dimensions)
    from sprat.rag.store.sqlite import SqliteStore

    folder = Path(where).expanduser()
    return SqliteStore(folder, create=create, embedder=embedder, dimensions=dimensions)
