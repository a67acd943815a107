"""Policies over the real SmolLM2: it drafts for itself, so what must come out is known."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sprat.door import open_engine
from sprat.engines.base import Engine, ask
from sprat.policies.engine import PolicyEngine
from sprat.policies.logistic import Logistic
from sprat.policies.spec import Decision, Policy, Side, Verify
from sprat.settings import Settings
from sprat.types import ChatRequest, Message

PROMPTS = ("Name three colours.", "Write a sentence about the sea.", "What is 2 + 3?")


def request(text: str, **fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), max_tokens=24, **fields)


def policy(kind: str, threshold: float = 0.5, **fields) -> Policy:
    learned = Logistic(features=("mean",), centres=(-1.0,), scales=(1.0,), weights=(1.0,), bias=0.0)
    sides = {which: Side(model="smollm2-135m") for which in ("small", "large")}
    decision = Decision(logistic=learned, threshold=threshold)
    return Policy(**{"name": "p", "kind": kind, "decision": decision, **sides, **fields})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engines(real_settings: Settings) -> AsyncIterator[tuple[Engine, Engine]]:
    """The same model twice."""
    pair = tuple(open_engine("smollm2-135m", real_settings) for _ in range(2))
    yield pair
    for one in pair:
        await one.aclose()


@pytest.mark.real
@pytest.mark.asyncio(loop_scope="module")
class TestReal:
    """One event loop for all, so that the models are loaded once."""

    async def test_exact_verification_changes_no_token(self, engines: tuple[Engine, Engine]):
        made = PolicyEngine(policy("verify", verify=Verify(how="exact")), *engines, name="policy:p")
        for prompt in PROMPTS:
            alone = await ask(engines[1], request(prompt))
            both = await ask(made, request(prompt))
            assert (both.text, both.finish) == (alone.text, alone.finish)
            assert both.usage.accepted_prediction_tokens > 0
            assert both.usage.rejected_prediction_tokens == 0

    @pytest.mark.parametrize(("threshold", "path"), [(0.0, "accepted"), (1.0, "escalated")])
    async def test_what_it_reads_decides(
        self, engines: tuple[Engine, Engine], threshold: float, path: str
    ):
        made = PolicyEngine(policy("verify", threshold), *engines, name="policy:p")
        reply = await ask(made, request(PROMPTS[0]))
        alone = await ask(engines[0], request(PROMPTS[0]))
        assert (reply.path, reply.text) == (path, alone.text)
        read = next(step for step in reply.steps if step.role == "read")
        assert read.usage is not None
        assert read.usage.output_tokens == 0
        assert reply.steps[0].calibrated

    @pytest.mark.parametrize(("threshold", "path"), [(0.0, "accepted"), (1.0, "escalated")])
    async def test_a_probe_goes_on_or_is_given_up(
        self, engines: tuple[Engine, Engine], threshold: float, path: str
    ):
        fields = {"mode": "probe", "probe_tokens": 4}
        made = PolicyEngine(policy("cascade", threshold, **fields), *engines, name="policy:p")
        reply = await ask(made, request(PROMPTS[1]))
        alone = await ask(engines[0], request(PROMPTS[1]))
        assert (reply.path, reply.text) == (path, alone.text)
        assert reply.steps[0].usage is not None
        if path == "escalated":
            assert 4 <= reply.steps[0].usage.output_tokens < reply.usage.output_tokens
