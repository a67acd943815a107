"""A stub server, and the endpoint engine that asks it."""

from collections.abc import AsyncIterator

import pytest
from tests.engines.endpoint import endpoint_engine
from tests.engines.stub_server import Stub, stub_server

from sprat.engines.openai import OpenAIEngine


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with stub_server() as server:
        yield server


@pytest.fixture
async def engine(stub: Stub) -> AsyncIterator[OpenAIEngine]:
    made = endpoint_engine(stub.url)
    yield made
    await made.aclose()
