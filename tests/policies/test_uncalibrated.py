"""What the confidence was not calibrated for, and so nothing was certified for, is escalated."""

import pytest
from tests.policies.made import by_mean_logprob, engine, mute, played, policy, request, rule, script

from sprat.policies.logistic import Logistic
from sprat.policies.spec import Decision

SURE, LARGE = rule("It is Rome."), rule("It is Paris, of course.")
ANY = Logistic(
    features=("prompt_log_chars",), centres=(0.0,), scales=(1.0,), weights=(0.0,), bias=5.0
)
GREEDY = {"temperature": 0.0}


@pytest.mark.parametrize("threshold", [0.0, 0.5])
@pytest.mark.parametrize("mode", ["buffer", "probe"])
async def test_a_sure_draft_of_other_sampling_is_escalated(mode: str, threshold: float):
    decision = Decision(logistic=by_mean_logprob(), threshold=threshold)
    made = engine(
        policy(mode=mode, sampling=GREEDY, decision=decision), script("s", SURE), script("l", LARGE)
    )
    _, greedy = await played(made, request())
    _, warm = await played(made, request(temperature=0.7))
    assert (greedy.path, warm.path) == ("accepted", "escalated")
    draft = warm.steps[0]
    assert draft.why == "cannot be judged: learned for other sampling: temperature 0.7, not 0.0"
    assert (draft.confidence, draft.calibrated) == (None, False)


async def test_before_a_draft_too():
    decision = Decision(logistic=ANY)
    made = engine(
        policy(mode="pre", sampling=GREEDY, decision=decision),
        script("s", SURE),
        script("l", LARGE),
    )
    _, greedy = await played(made, request())
    _, warm = await played(made, request(temperature=0.7))
    assert (greedy.text, warm.text) == (SURE["text"], LARGE["text"])
    assert "cannot be judged; learned for other sampling" in warm.steps[0].why


async def test_a_faultless_draft_without_log_probabilities_is_escalated():
    made = engine(policy(), mute("s", SURE), script("l", LARGE))
    _, reply = await played(made, request())
    assert (reply.text, reply.path) == (LARGE["text"], "escalated")
    assert "there are no log-probabilities" in reply.steps[1].why


async def test_whoever_wants_it_accepted_gets_it_and_is_told():
    decision = Decision(logistic=by_mean_logprob(), uncalibrated="accept")
    made = engine(policy(sampling=GREEDY, decision=decision), script("s", SURE), script("l", LARGE))
    _, warm = await played(made, request(temperature=0.7))
    assert (warm.path, warm.steps[0].calibrated) == ("accepted", False)


async def test_rules_that_were_certified_themselves_are_not_concerned():
    rules = Decision(logistic=None, threshold=1.0)
    made = engine(policy(sampling=GREEDY, decision=rules), mute("s", SURE), script("l", LARGE))
    _, reply = await played(made, request(temperature=0.7))
    assert reply.path == "accepted"
