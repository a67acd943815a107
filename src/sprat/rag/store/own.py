"""What a store's own files are called, so that none is taken for a document."""

from pathlib import Path

from sprat.rag.store.base import StoreInfo
from sprat.rag.store.sqlite import FILE, VECTORS

_NAMES = {
    "sqlite": (FILE, f"{FILE}-wal", f"{FILE}-shm", f"{FILE}-journal", VECTORS),
    "qdrant-edge": ("edge_config.json", "segments", "wal"),
}


def own_files(info: StoreInfo) -> list[str]:
    """Its files, and the folders that are all its own: absolute, without links; a server has none.

    Source: of qdrant-edge, the folder that version 0.6 makes.
    """
    folder = Path(info.place.removeprefix("qdrant-edge:")).resolve()
    return [(folder / name).as_posix() for name in _NAMES.get(info.kind, ())]
