"""The store of one folder: the contract, and what only it can do and suffer."""

from pathlib import Path

import pytest
from tests.rag.store.contract import Opener, StoreContract

from sprat.rag.store import open_store


class TestSqlite(StoreContract):
    """The contract."""

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        def opened(*, create=False, embedder="tiny", dimensions=4):
            return open_store(
                str(tmp_path / "store"), create=create, embedder=embedder, dimensions=dimensions
            )

        return opened
