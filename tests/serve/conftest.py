"""Fixtures for the gateway: `at` is one that answers from a script."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.serve.running import At, gateway, serving


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[At]:
    """A gateway with the model `echo`."""
    async with gateway(serving(tmp_path)) as here:
        yield here
