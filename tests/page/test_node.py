"""The page's own unit tests: one test here for each file there."""

from pathlib import Path

import pytest
from tests.page.node import WEB, node

FILES = sorted((WEB / "test").rglob("*.test.ts"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(WEB / "test").as_posix())
def test_the_page_s_own(file: Path) -> None:
    node("--test", "--test-reporter=spec", str(file.relative_to(WEB)))
