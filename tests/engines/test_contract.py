"""The contract of `contract.py` over every engine; two of them on the real SmolLM2."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.engines.contract import OTHER, EngineContract, GuidedContract, request
from tests.engines.llama_server import llama_server

from sprat.door import open_engine
from sprat.engines import Engine
from sprat.engines.base import ask
from sprat.errors import UnsupportedRequest
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
read = [-0.1, -0.1, -0.1, -0.1, -4.0, -0.1]
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

    predicts = False

    @staticmethod
    def named(request: pytest.FixtureRequest) -> tuple[str, Settings]:
        url = request.getfixturevalue("llama_url")
        return "llama/tiny", Settings(endpoints={"llama": Endpoint(url=url)})


@pytest.mark.real
class TestFoundryAddress(EngineContract):
    """The same server under Foundry Local's name: the wrapping engine keeps every promise."""

    predicts = False

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


@pytest.mark.real
class TestFoundry(EngineContract):
    """Foundry Local's native runtime, on the same weights."""

    predicts = False

    @staticmethod
    def named(request: pytest.FixtureRequest) -> tuple[str, Settings]:
        from sprat.engines.foundry.catalogue import register
        from sprat.models.names import OnnxFolder, resolve
        from sprat.models.ready import ensure

        real: Settings = request.getfixturevalue("real_settings")
        folder = ensure(resolve("smollm2-135m", real), real).folder
        home = request.getfixturevalue("tmp_path_factory").mktemp("foundry")
        settings = Settings(home=str(home))
        register(OnnxFolder(folder, str(folder)), settings, "smollm2-135m")
        return "foundry:smollm2-135m", settings

    async def test_log_probabilities_are_those_of_the_tokens(self, engine: Engine):
        with pytest.raises(UnsupportedRequest, match="logprobs is 3"):
            await ask(engine, request(logprobs=3))

    async def test_zero_alternatives_still_give_the_chosen_one(self, engine: Engine):
        with pytest.raises(UnsupportedRequest, match="logprobs is 0"):
            await ask(engine, request(logprobs=0))

    async def test_a_small_top_p_leaves_only_the_likeliest_token(self, engine: Engine):
        greedy = await ask(engine, request(OTHER))
        narrow = request(OTHER, temperature=1.5, top_p=0.01, seed=3)
        assert (await ask(engine, narrow)).text == greedy.text

    async def test_thousands_of_tokens_that_nobody_waits_for_do_not_hold_it(self, engine: Engine):
        reading = asyncio.create_task(ask(engine, request("word " * 6000)))
        await asyncio.sleep(1)  # it reads the prompt, in which the runtime does not stop
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert "1" in (await ask(engine, request())).text

    async def test_it_says_what_our_own_engine_says(self, engine: Engine, real_settings: Settings):
        ours = open_engine("smollm2-135m", real_settings)
        same = await ask(ours, request())
        await ours.aclose()
        assert (await ask(engine, request())).text == same.text
