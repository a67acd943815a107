"""Fixtures: `tiny` and `local` for ONNX, `foundry`, `stub` and `engine` for endpoints."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.engines.endpoint import endpoint_engine
from tests.engines.stub_server import Stub, stub_server
from tests.engines.tiny import build

from sprat.door import open_engine
from sprat.engines.foundry.catalogue import register
from sprat.engines.foundry.engine import FoundryEngine
from sprat.engines.onnx import OnnxEngine
from sprat.engines.openai import OpenAIEngine
from sprat.models.names import OnnxFolder
from sprat.settings import Settings


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that ONNX Runtime GenAI can load, with a small random model in it."""
    return build(tmp_path_factory.mktemp("tiny") / "model")


@pytest_asyncio.fixture
async def local(tiny: Path) -> AsyncIterator[OnnxEngine]:
    """The engine over it."""
    engine = OnnxEngine("tiny", tiny, threads=1)
    yield engine
    await engine.aclose()


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A server that does what it is told."""
    async with stub_server() as server:
        yield server


@pytest.fixture
async def engine(stub: Stub) -> AsyncIterator[OpenAIEngine]:
    """The endpoint engine that asks it."""
    made = endpoint_engine(stub.url)
    yield made
    await made.aclose()


@pytest.fixture(scope="session")
def foundry_home(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a home whose Foundry Local holds the small random model as `foundry:tiny`."""
    settings = Settings(home=str(tmp_path_factory.mktemp("foundry")))
    register(OnnxFolder(tiny, "tiny"), settings, "tiny")
    return settings


@pytest_asyncio.fixture
async def foundry(foundry_home: Settings) -> AsyncIterator[FoundryEngine]:
    """The engine over it: the real native runtime."""
    engine = open_engine("foundry:tiny", foundry_home)
    assert isinstance(engine, FoundryEngine)
    yield engine
    await engine.aclose()
