"""What every engine promises, an answer from documents promises too."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from tests.engines.contract import EngineContract, request
from tests.policies.test_contract import SCRIPT
from tests.rag.made import Few, sentence_gate

from sprat.engines import Engine
from sprat.engines.base import ask
from sprat.engines.script import Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import UnsupportedRequest
from sprat.rag.answer import GroundedEngine

COUNTED = " ".join(map(str, range(1, 41)))
TEXTS = (
    f"Count in digits, separated by spaces: {COUNTED}.",
    "Write a sentence about the sea. The sea is wide and blue.",
    "word word word",
)


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def engine() -> AsyncIterator[GroundedEngine]:
    """Two scripts over three passages."""
    script = msgspec.convert(SCRIPT, Script)
    small, large = ScriptedEngine("s", script), ScriptedEngine("l", script)
    made = GroundedEngine(Few(*TEXTS), small, large, gate=sentence_gate(), name="documents")
    yield made
    await made.aclose()
    await made.aclose()  # safe to call twice


class TestGrounded(EngineContract):
    """An answer that is checked as a whole."""

    predicts = False

    async def test_generation_ends_before_a_stop_string(self, engine: Engine):
        """It would end the quoted line, which the caller does not see: so it is refused."""
        with pytest.raises(UnsupportedRequest) as caught:
            await ask(engine, request(stop=("20",)))
        assert caught.value.param == "stop"

    async def test_log_probabilities_are_those_of_the_tokens(self, engine: Engine):
        """The caller sees an edited text: it has no tokens, so they are refused, not made up."""
        with pytest.raises(UnsupportedRequest) as caught:
            await ask(engine, request(logprobs=3))
        assert caught.value.param == "logprobs"

    async def test_zero_alternatives_still_give_the_chosen_one(self, engine: Engine):
        with pytest.raises(UnsupportedRequest):
            await ask(engine, request(logprobs=0))

    async def test_a_cancelled_task_frees_its_place(self, engine: Engine):
        """An answer that is checked as a whole comes at once: so it is cancelled before that."""
        tasks = [asyncio.create_task(ask(engine, request(max_tokens=1500))) for _ in range(3)]
        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        async with asyncio.timeout(60):
            assert (await ask(engine, request("Write a sentence about the sea."))).text
