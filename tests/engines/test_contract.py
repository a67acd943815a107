"""The contract of `contract.py` over every engine; two of them on the real SmolLM2."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.engines.contract import EngineContract, GuidedContract
from tests.engines.llama_server import llama_server

from sprat.engines import Engine, open_engine
from sprat.settings import Endpoint, Settings

SCRIPT = """
places = 2
[[rule]]
contains = "word word"
error = { kind = "too-long", message = "9000 words" }
[[rule]]
contains = "count from 1"
text = "COUNTED"
gap_ms = 2
logprobs = LOGPROBS
[[rule]]
text = "The sea is wide and blue."
gap_ms = 2
"""


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    """The engine of a class: each says which by its `named`."""
    name, settings = request.cls.named(request)
    made = open_engine(name, settings)
    yield made
    await made.aclose()
    await made.aclose()  # safe to call twice


class TestScripted(EngineContract):
    """The engine that answers from a file."""

    @staticmethod
    def named(request: pytest.FixtureRequest) -> tuple[str, Settings]:
        file = request.getfixturevalue("tmp_path_factory").mktemp("script") / "contract.toml"
        counted = " ".join(map(str, range(1, 41)))
        text = SCRIPT.replace("COUNTED", counted).replace("LOGPROBS", str([-0.1] * 40))
        file.write_text(text, encoding="utf-8")
        return f"scripted:{file}", Settings()


@pytest.fixture(scope="module")
def weights(real_settings: Settings) -> Path:
    """SmolLM2's own GGUF file, fetched on first use."""
    from sprat.models.catalog import CatalogModel
    from sprat.models.names import resolve
    from sprat.models.ready import ensure_weights

    source = resolve("smollm2-135m", real_settings)
    assert isinstance(source, CatalogModel)
    return ensure_weights(source, real_settings).path


@pytest.fixture(scope="module")
def llama_url(weights: Path) -> Iterator[str]:
    """A running llama.cpp server."""
    with llama_server(weights, places=2) as url:
        yield url


@pytest.mark.real
class TestOpenAI(GuidedContract):
    """The endpoint engine, against a server that is not ours."""

    @staticmethod
    def named(request: pytest.FixtureRequest) -> tuple[str, Settings]:
        url = request.getfixturevalue("llama_url")
        return "llama/tiny", Settings(endpoints={"llama": Endpoint(url=url)})


@pytest.mark.real
class TestFoundryAddress(EngineContract):
    """The same server under Foundry Local's name: the wrapping engine keeps every promise."""

    @staticmethod
    def named(request: pytest.FixtureRequest) -> tuple[str, Settings]:
        url = request.getfixturevalue("llama_url")
        return "foundry:tiny", Settings(endpoints={"foundry": Endpoint(url=url)})


@pytest.mark.real
class TestOnnx(GuidedContract):
    """The local engine, on the same weights."""

    @staticmethod
    def named(request: pytest.FixtureRequest) -> tuple[str, Settings]:
        return "smollm2-135m", request.getfixturevalue("real_settings")
