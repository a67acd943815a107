"""What every engine promises, policies promise too: `tests/engines/contract.py` over each kind."""

from collections.abc import AsyncIterator
from typing import ClassVar

import msgspec
import pytest
import pytest_asyncio
from tests.engines.contract import EngineContract
from tests.policies.made import by_mean_logprob, policy

from sprat.engines.script import Script
from sprat.engines.scripted import ScriptedEngine
from sprat.policies.engine import PolicyEngine
from sprat.policies.spec import Decision, Verify

COUNTED = " ".join(map(str, range(1, 41)))
SCRIPT = {
    "places": 2,
    "rule": [
        {"contains": "word word", "error": {"kind": "too-long", "message": "9000 words"}},
        {
            "contains": "count from 1",
            "text": COUNTED,
            "gap_ms": 2,
            "end_ms": 5,
            "logprobs": [-0.1] * 40,
        },
        {"text": "The sea is wide and blue.", "gap_ms": 2},
    ],
}

SURE = Decision(logistic=by_mean_logprob(), threshold=1.0)


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[PolicyEngine]:
    """Two scripts as one."""
    script = msgspec.convert(SCRIPT, Script)
    small, large = ScriptedEngine("s", script), ScriptedEngine("l", script)
    made = PolicyEngine(policy(**request.cls.fields), small, large, name="policy:p")
    yield made
    await made.aclose()
    await made.aclose()  # safe to call twice


class TestCascade(EngineContract):
    """Drafts with log-probabilities are never sure enough; those without have no fault."""

    predicts = False
    fields: ClassVar = {"kind": "cascade", "decision": SURE}


class TestProbe(EngineContract):
    """The beginning of drafts."""

    predicts = False
    fields: ClassVar = {"kind": "cascade", "mode": "probe", "probe_tokens": 3}


class TestShadow(EngineContract):
    """The small model, watched."""

    predicts = False
    fields: ClassVar = {"kind": "shadow"}


class TestVerify(EngineContract):
    """The large model's own answers, with a draft."""

    predicts = False
    fields: ClassVar = {"kind": "verify", "verify": Verify(how="exact")}
