"""One browser for all the tests of a file."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from ..browser import chromium  # noqa: TID252 - the tests are no installed package


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its file: while it is open, an event loop runs that other tests trip over."""
    with chromium() as found:
        yield found
