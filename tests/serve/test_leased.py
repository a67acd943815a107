"""A policy's side is an engine, over a model of the pool: it promises what every engine does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from tests.engines.contract import EngineContract, request
from tests.policies.test_contract import SCRIPT

from sprat.cost import Prices
from sprat.engines.base import Engine, ask
from sprat.engines.line import CALLER
from sprat.engines.script import Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import (
    BadWeights,
    EngineError,
    ModelError,
    SettingsError,
    SpratError,
    UnsupportedRequest,
    UsageError,
)
from sprat.measure.clock import now_ns
from sprat.models.names import Scripted
from sprat.serve.models.leased import Leased
from sprat.serve.models.names import Served
from sprat.serve.models.pool import Pool
from sprat.settings import ServeSettings, Settings

PATH = Path("/secret/place/model.toml")
SOURCE = f"scripted:{PATH}"
LIKELY: Any = {**SCRIPT["rule"][1], "read": [-0.1] * 40}
READING = {**SCRIPT, "rule": [SCRIPT["rule"][0], LIKELY, SCRIPT["rule"][2]]}
SIDE = Served(name="good.small", source=SOURCE, found=Scripted(PATH, SOURCE), where="local")


def leased(script: Any = READING) -> tuple[Leased, Pool[Engine]]:
    """A side, and the pool that has its model."""
    made = msgspec.convert(script, Script)
    settings = ServeSettings(keep_free_bytes=0, places=2)
    pool: Pool[Engine] = Pool(lambda _: ScriptedEngine(SOURCE, made), settings, lambda: 10**12)
    prices = Prices(Settings())
    return Leased(SIDE, pool, prices, most_tokens=99), pool


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def engine() -> AsyncIterator[Leased]:
    side, pool = leased()
    yield side
    await side.aclose()
    await side.aclose()  # safe to call twice
    await pool.aclose()


class TestLeased(EngineContract):
    """As any other, but for one thing."""

    async def test_a_scheduled_moment_is_kept(self, engine: Engine):
        """Its clock begins when the question gets into the model's line."""
        before_ns = now_ns()
        timing = (await ask(engine, request(scheduled_ns=5))).timing
        assert before_ns <= timing.scheduled_ns <= timing.sent_ns


async def test_its_place_is_free_before_the_reply_is_passed_on():
    side, pool = leased()
    async for _ in side.stream(request()):
        last = pool.slot(SIDE).places.taken
    assert last == 0
    await pool.aclose()


async def test_what_an_engine_says_of_itself_is_told_under_the_sides_name():
    side, pool = leased({"rule": [{"contains": "nothing fits", "text": "x"}]})
    with pytest.raises(EngineError) as caught:
        await ask(side, request())
    assert "good.small" in str(caught.value)
    assert "secret" not in str(caught.value)
    await pool.aclose()


@pytest.mark.parametrize(
    "error",
    [
        SettingsError(f"{PATH} is no script: line 1.", fix=f"Correct {PATH}."),
        BadWeights(f"{PATH}/weights.onnx cannot be read."),
        UsageError(f"{PATH} is not there.", fix=f"ls {PATH.parent}"),
    ],
)
async def test_why_a_model_cannot_be_loaded_is_the_operators_to_know(
    error: SpratError, caplog: pytest.LogCaptureFixture
):
    def broken(_: Served) -> Engine:
        raise error

    pool: Pool[Engine] = Pool(broken, ServeSettings(keep_free_bytes=0), lambda: 10**12)
    side = Leased(SIDE, pool, Prices(Settings()), most_tokens=99)
    with pytest.raises(ModelError) as caught:
        await ask(side, request())
    assert str(caught.value) == "The model of good.small cannot be loaded."
    (line,) = caplog.records
    assert line.__dict__["error"] == str(error)


async def test_a_request_that_a_side_cannot_honour_is_told_in_its_own_words():
    def refusing(_: Served) -> Engine:
        raise UnsupportedRequest(f"{SOURCE} has no tools.", param="tools", fix=f"Ask {PATH} less.")

    pool: Pool[Engine] = Pool(refusing, ServeSettings(keep_free_bytes=0), lambda: 10**12)
    side = Leased(SIDE, pool, Prices(Settings()), most_tokens=99)
    with pytest.raises(UnsupportedRequest) as caught:
        await ask(side, request())
    assert str(caught.value) == "good.small has no tools. Ask good.small less."


async def test_an_answer_without_an_end_of_its_own_gets_the_gateways():
    side, pool = leased({"rule": [{"text": "word " * 200}]})
    reply = await ask(side, request(max_tokens=None))
    assert (reply.finish, reply.usage.output_tokens) == ("length", 99)
    await pool.aclose()


async def test_it_stands_in_line_as_whoever_asked():
    side, pool = leased({"rule": [{"text": "a b c", "gap_ms": 10}]})
    place = pool.slot(SIDE).places
    taken = [await place.take("someone") for _ in range(2)]
    CALLER.set("ann")
    stream = side.stream(request())
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    assert list(place._line) == ["ann"]
    for at_ns in taken:
        place.give(at_ns)
    assert await waiting
    await stream.aclose()
    await pool.aclose()
