"""One browser for all the tests of pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from ..browser import chromium  # noqa: TID252 - the tests are no installed package


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found
