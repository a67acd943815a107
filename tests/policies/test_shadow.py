"""The small model serves; the large one watches."""

import asyncio
import random

import pytest
import scipy.stats
from tests.policies.made import (
    LIKELY,
    UNLIKELY,
    Counting,
    engine,
    failing,
    played,
    policy,
    request,
    rule,
    script,
    told,
)

from sprat.engines.base import ask
from sprat.policies.drift import distance, same_distribution
from sprat.policies.shadow import MOST_BESIDE, chosen
from sprat.policies.spec import Gates, Shadow

SMALL, OTHER = rule("It is Rome."), rule("Probably Paris then.")


def shadowing(small: Counting, large: Counting, *, gates: Gates | None = None, **fields):
    fields = {"share": 1.0, "window": 10, **fields}
    return engine(policy("shadow", shadow=Shadow(**fields), gates=gates or Gates()), small, large)


async def asked_often(made, times: int = 12):
    for number in range(times):
        await ask(made, request(str(number)))
        await made.settled()


async def test_the_small_model_answers_and_the_large_one_is_asked_beside():
    large = script("l", SMALL)
    made = shadowing(script("s", SMALL), large)
    _, reply = await played(made, request())
    assert (reply.text, reply.path) == ("It is Rome.", "direct")
    assert told(reply) == [("answer*", "s")]
    await made.settled()
    assert len(large.asked) == 1
    assert made.standing.shadow is not None
    assert (made.standing.shadow.compared, made.standing.shadow.disagreed) == (1, 0)


async def test_the_caller_does_not_wait_for_it():
    large = script("l", rule("It is Rome.", first_ms=5000))
    made = shadowing(script("s", SMALL), large)
    async with asyncio.timeout(1):
        await ask(made, request())
    assert made.standing.shadow is not None
    assert made.standing.shadow.running == 1
    await asyncio.sleep(0)
    await made.aclose()
    assert large.running == 0


async def test_no_more_than_a_few_are_under_way_at_once():
    large = script("l", rule("It is Rome.", first_ms=5000))
    made = shadowing(script("s", SMALL), large)
    for number in range(MOST_BESIDE + 3):
        await ask(made, request(str(number)))
    assert made.standing.shadow is not None
    assert (made.standing.shadow.running, made.standing.shadow.skipped) == (MOST_BESIDE, 3)
    await made.aclose()


async def test_too_many_other_answers_raise_the_alarm_and_the_large_model_takes_over():
    small = script("s", SMALL)
    made = shadowing(small, script("l", OTHER))
    await asked_often(made, 10)
    assert made.standing.alarm == "10 of the latest 10 answers differ from the large model's"
    _, reply = await played(made, request())
    assert (reply.text, reply.path) == (OTHER["text"], "direct")
    assert reply.steps[0].why.startswith("alarm: 10 of the latest 10")
    assert len(small.asked) == 10


async def test_reset_lets_the_small_one_serve_again():
    made = shadowing(script("s", SMALL), script("l", OTHER))
    await asked_often(made, 10)
    made.reset()
    _, reply = await played(made, request())
    assert reply.text == "It is Rome."
    assert made.standing.alarm is None
    await made.aclose()


async def test_with_the_alarm_on_and_the_large_model_down_the_small_one_still_answers():
    large = script("l", {"contains": "late", **failing()}, OTHER)
    made = shadowing(script("s", SMALL), large)
    await asked_often(made, 10)
    _, reply = await played(made, request("late"))
    assert (reply.text, reply.path) == ("It is Rome.", "degraded")


async def test_agreeing_answers_raise_none():
    made = shadowing(script("s", SMALL), script("l", SMALL))
    await asked_often(made, 30)
    assert made.standing.alarm is None


async def test_a_fault_of_the_code_beside_is_told_and_the_caller_has_the_answer():
    class Faulty(Counting):
        async def stream(self, request):
            raise ZeroDivisionError
            yield

    told: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    made = shadowing(script("s", SMALL), Faulty("l", script("l", SMALL)._script))
    reply = await ask(made, request())
    await made.settled()
    await asyncio.sleep(0)
    assert reply.text == "It is Rome."
    assert [type(one["exception"]) for one in told] == [ZeroDivisionError]
    assert made.standing.shadow is not None
    assert (made.standing.shadow.skipped, made.standing.shadow.running) == (1, 0)


async def test_confidences_unlike_those_of_the_calibration_raise_the_alarm():
    baseline = tuple(0.9 + number / 1000 for number in range(60))
    made = shadowing(
        script("s", rule("It is Rome.", UNLIKELY)), script("l", SMALL), share=0.0, baseline=baseline
    )
    await asked_often(made, 12)
    assert "confidences are distributed unlike" in str(made.standing.alarm)


async def test_those_like_them_raise_none():
    sure = await ask(
        engine(policy(), script("s", rule("It is Rome.", LIKELY)), script("l", SMALL)), request()
    )
    value = sure.steps[0].confidence
    assert value is not None
    made = shadowing(script("s", SMALL), script("l", SMALL), share=0.0, baseline=(value,) * 40)
    await asked_often(made, 20)
    assert made.standing.alarm is None


async def test_a_failing_small_model_is_answered_for():
    made = shadowing(script("s", failing()), script("l", OTHER))
    _, reply = await played(made, request())
    assert (reply.text, reply.path) == (OTHER["text"], "escalated")


async def test_what_a_gate_decided_is_not_shadowed():
    large = script("l", OTHER)
    gates = Gates(stay_here=True)
    made = engine(
        policy("shadow", shadow=Shadow(share=1.0), gates=gates),
        script("s", SMALL),
        large,
        away=frozenset({"large"}),
    )
    await ask(made, request())
    await made.settled()
    assert large.asked == []


def test_the_same_conversation_is_chosen_every_time_and_the_share_is_kept():
    asked = [request(str(number)) for number in range(2000)]
    picked = [chosen(one, 0.1) for one in asked]
    assert picked == [chosen(one, 0.1) for one in asked]
    assert 150 < sum(picked) < 250  # 200 ± 3.7 standard deviations
    assert not any(chosen(one, 0.0) for one in asked)
    assert all(chosen(one, 1.0) for one in asked)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("m", "n"), [(10, 10), (50, 120), (30, 7)])
def test_the_distance_and_its_p_are_scipys(seed: int, m: int, n: int):
    draw = random.Random(seed)
    one = sorted(draw.random() for _ in range(m))
    other = sorted(draw.random() ** (1 + seed / 3) for _ in range(n))
    found = scipy.stats.ks_2samp(one, other, method="exact")
    assert distance(one, other) == pytest.approx(found.statistic, abs=1e-12)
    assert same_distribution(one, other) == pytest.approx(found.pvalue, rel=1e-6, abs=1e-12)


def test_ties_are_told_apart_as_scipy_does():
    one, other = [0.5] * 10 + [0.9] * 10, [0.5] * 30
    assert distance(one, other) == scipy.stats.ks_2samp(one, other).statistic == 0.5
