"""An index that is to be made again is forgotten first, even one that cannot be opened."""

from pathlib import Path

from sprat.errors import UsageError
from sprat.rag.store.faults import explained
from sprat.rag.store.sqlite import FILE, VECTORS


def drop_store(where: str) -> None:
    """Remove what a store of a folder keeps, and nothing else that lies there.

    Raises:
        UsageError: the store is Qdrant's: its collections are removed with its own means.
        DocumentError: a file of it cannot be removed.
    """
    if where.startswith(("http://", "https://", "qdrant-edge:")):
        raise UsageError(
            f"{where} is Qdrant's: Sprat does not remove what it holds.",
            fix="Remove the collection there, or give another --store.",
        )
    for name in (FILE, f"{FILE}-wal", f"{FILE}-shm", VECTORS):
        path = Path(where).expanduser() / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise explained(path, error) from error
