"""What holds for every policy, whatever both models do, and whenever the caller leaves."""

import asyncio
from contextlib import aclosing
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policies.made import LIKELY, UNLIKELY, by_mean_logprob, engine, policy, request, script

from sprat.errors import EngineError
from sprat.policies.logistic import Logistic
from sprat.policies.spec import Decision, Gates, Refine, Shadow, Verify
from sprat.types import Delta, Reply

PROMPT = Logistic(
    features=("prompt_log_chars",), centres=(2.0,), scales=(1.0,), weights=(-1.0,), bias=0.0
)
FAILURES = st.builds(
    lambda kind, after: {"kind": kind, "message": "no", "after_chunks": after},
    st.sampled_from(["died", "timeout", "too-long", "refused"]),
    st.integers(0, 4),
)
RULES = st.builds(
    lambda text, chance, error, finish: {
        "text": text,
        "logprobs": [chance] * 6,
        "read": [chance] * 6,
        "error": error,
        "finish": finish,
    },
    st.sampled_from(["", "Yes.", "one two three four five six", "I don't know.", '{"a": 1}']),
    st.sampled_from([LIKELY, UNLIKELY]),
    st.none() | FAILURES,
    st.sampled_from(["stop", "length"]),
)
SHAPES = st.sampled_from(
    [
        {"kind": "cascade"},
        {
            "kind": "cascade",
            "decision": Decision(logistic=by_mean_logprob(), self_check=True, sample=True),
        },
        {"kind": "cascade", "decision": Decision()},
        {"kind": "cascade", "mode": "pre", "decision": Decision(logistic=PROMPT)},
        {"kind": "cascade", "mode": "probe", "probe_tokens": 2},
        {"kind": "refine", "refine": Refine(when="always")},
        {"kind": "refine"},
        {"kind": "verify", "verify": Verify(how="exact")},
        {"kind": "verify", "verify": Verify(how="accept")},
        {"kind": "verify", "verify": Verify(how="keep")},
        {"kind": "fallback"},
        {"kind": "shadow", "shadow": Shadow(share=1.0, window=10)},
    ]
)
GATES = st.just(Gates()) | st.builds(
    Gates,
    tools=st.sampled_from(["small", "large"]),
    most_chars=st.sampled_from([None, 0]),
    stay_here=st.booleans(),
)
TOOLS = ({"type": "function", "function": {"name": "look", "parameters": {}}},)
ASKED = st.sampled_from([{}, {"logprobs": 1}, {"tools": TOOLS}, {"temperature": 0.7}])


@settings(max_examples=300, deadline=None)
@given(
    SHAPES, GATES, RULES, RULES, ASKED, st.none() | st.integers(0, 3),
    st.sampled_from([frozenset(), frozenset({"large"}), frozenset({"small"})]),
)  # fmt: skip
def test_a_reply_is_whole_paid_for_and_leaves_nothing_running(
    shape: dict[str, Any],
    gates: Gates,
    small: dict[str, Any],
    large: dict[str, Any],
    asked: dict[str, Any],
    leaves_after: int | None,
    away: frozenset[Any],
):
    one, other = script("s", small), script("l", large)
    made = engine(
        policy(**shape, gates=gates), one, other, away=away, price=lambda *_: 0.001, clock=ticking()
    )

    async def listen() -> list[Delta | Reply]:
        got: list[Delta | Reply] = []
        try:
            async with aclosing(cast("Any", made.stream(request(**asked)))) as pieces:
                async for piece in pieces:
                    got.append(piece)
                    if leaves_after is not None and len(got) > leaves_after:
                        break
        except EngineError:
            pass
        await made.aclose()
        return got

    got = asyncio.run(listen())
    assert one.running == other.running == 0
    if gates.stay_here:
        assert not ("large" in away and other.asked)
        assert not ("small" in away and one.asked)
    if not got or not isinstance(got[-1], Reply):
        return
    reply = got[-1]
    pieces = [piece for piece in got if isinstance(piece, Delta)]
    assert len(pieces) == len(got) - 1
    assert "".join(piece.text for piece in pieces) == reply.text
    assert [step.kept for step in reply.steps].count(True) == 1
    kept = next(step for step in reply.steps if step.kept)
    assert (kept.error, kept.usage, kept.finish) == (None, reply.usage, reply.finish)
    tried = [step for step in reply.steps if step.role != "gate"]
    assert reply.cost_usd is not None
    assert abs(reply.cost_usd - 0.001 * len(tried)) < 1e-9
    assert reply.paid.output_tokens == sum(s.usage.output_tokens for s in tried if s.usage)
    assert reply.path in {"accepted", "escalated", "direct", "degraded"}
    assert (reply.logprobs is not None) <= ("logprobs" in asked)
    assert kept.engine == {"escalated": "l", "degraded": "s"}.get(reply.path, kept.engine)


def ticking():
    """A clock that never stands still."""
    now = [0]

    def tell() -> int:
        now[0] += 1000
        return now[0]

    return tell
