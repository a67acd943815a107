"""The wait before a model is no fault of the model's, and is not paid for."""

import asyncio
from contextlib import aclosing

import pytest
from tests.policies.made import Counting, engine, played, policy, request, rule, script

from sprat.cost.rates import busy
from sprat.engines.line import waited, waits
from sprat.engines.script import Script
from sprat.measure.clock import now_ns
from sprat.policies.spec import Fallback
from sprat.types import Timing, Usage

LARGE = rule("It is Paris.")


class Behind(Counting):
    """A model with a line before it."""

    def __init__(self, name: str, script: Script, wait_s: float, *, loads: bool = False) -> None:
        super().__init__(name, script)
        self.wait_s = wait_s
        self.loads = loads

    async def stream(self, request):
        waits()
        await asyncio.sleep(self.wait_s)
        waited(now_ns() if self.loads else None)
        async with aclosing(super().stream(request)) as pieces:
            async for piece in pieces:
                yield piece


def behind(wait_s: float, *rules, loads: bool = False) -> Behind:
    return Behind("s", script("s", *rules)._script, wait_s, loads=loads)


def by_the_second(_: str, usage: Usage, timing: Timing) -> float:
    return busy(timing)


async def test_a_full_line_is_left_for_the_other_model_and_counts_as_no_failure():
    impatient = policy("fallback", fallback=Fallback(timeout_s=0.01, failures=1))
    made = engine(impatient, behind(5, rule("It is Rome.")), script("l", LARGE))
    _, reply = await played(made, request())
    assert (reply.path, reply.text) == ("escalated", LARGE["text"])
    assert "was not free within 0.01 s" in (reply.steps[0].error or "")
    assert made.standing.small.failures == 0


@pytest.mark.parametrize("loads", [False, True])
async def test_the_time_limit_begins_with_the_model_not_with_the_line(loads: bool):
    small = behind(0.02, rule("It is Rome.", first_ms=20), loads=loads)
    made = engine(policy("fallback", fallback=Fallback(timeout_s=0.035)), small, script("l", LARGE))
    _, reply = await played(made, request())
    assert reply.text == "It is Rome."


async def test_a_model_that_is_slow_after_its_line_has_failed():
    small = behind(0.001, rule("It is Rome.", first_ms=5000))
    impatient = policy("fallback", fallback=Fallback(timeout_s=0.01, failures=1))
    made = engine(impatient, small, script("l", LARGE))
    _, reply = await played(made, request())
    assert "had not answered after 0.01 s" in (reply.steps[0].error or "")
    assert made.standing.small.failures == 1


async def test_what_never_began_costs_nothing():
    impatient = policy("fallback", fallback=Fallback(timeout_s=0.01))
    small = behind(5, rule("It is Rome."))
    made = engine(impatient, small, script("l", LARGE), price=by_the_second)
    _, reply = await played(made, request())
    assert reply.steps[0].cost_usd == 0
    assert reply.steps[1].cost_usd == reply.cost_usd


@pytest.mark.parametrize("loads", [False, True])
async def test_what_was_cut_is_paid_from_where_the_model_began(loads: bool):
    small = behind(0.05, rule("one two three four five", -3.0), loads=loads)
    probing = policy(mode="probe", probe_tokens=2)
    made = engine(probing, small, script("l", LARGE), price=by_the_second)
    _, reply = await played(made, request())
    draft = reply.steps[0]
    assert draft.usage is not None
    assert draft.finish is None
    assert draft.cost_usd is not None
    assert 0 < draft.cost_usd < 0.05
