"""The embedded Qdrant shard: the contract, and what only it can do and suffer."""

from pathlib import Path

import pytest
from tests.rag.store.contract import Opener
from tests.rag.store.points_contract import PointsContract

from sprat.rag.store import open_store

pytest.importorskip("qdrant_edge")


class TestQdrantEdge(PointsContract):
    """The contract."""

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        def opened(*, create=False, embedder="tiny", dimensions=4):
            where = f"qdrant-edge:{tmp_path / 'store'}"
            return open_store(where, create=create, embedder=embedder, dimensions=dimensions)

        return opened
