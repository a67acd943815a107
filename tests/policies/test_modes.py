"""When it is decided: after the draft, from the prompt, or from the draft's beginning."""

import pytest
from tests.policies.made import (
    LIKELY,
    UNLIKELY,
    by_mean_logprob,
    engine,
    failing,
    mute,
    played,
    policy,
    request,
    rule,
    script,
    told,
)

from sprat.engines.base import ask
from sprat.errors import EngineDied
from sprat.policies.logistic import Logistic
from sprat.policies.probe import confidence_of_head, head_of
from sprat.policies.spec import Decision
from sprat.types import Delta, Reply

LARGE = rule("It is Paris, of course.")
SHORT_ONES = Logistic(
    features=("prompt_log_chars",), centres=(3.0,), scales=(0.1,), weights=(-1.0,), bias=0.0
)


def pre(small: dict, large: dict = LARGE):
    one, other = script("s", small), script("l", large)
    made = engine(policy(mode="pre", decision=Decision(logistic=SHORT_ONES)), one, other)
    return made, one, other


class TestPre:
    async def test_a_promising_prompt_goes_to_the_small_model_alone(self):
        made, _, large = pre(rule("Rome."))
        _, reply = await played(made, request("Short?"))
        assert (reply.text, reply.path, large.asked) == ("Rome.", "direct", [])
        assert told(reply) == [("gate", "s"), ("answer*", "s")]
        assert reply.steps[0].confidence is not None
        assert reply.steps[0].confidence > 0.5

    async def test_another_one_to_the_large_model_without_a_draft(self):
        made, small, _ = pre(rule("Rome."))
        _, reply = await played(made, request("Long? " * 20))
        assert (reply.text, reply.path, small.asked) == (LARGE["text"], "direct", [])

    async def test_where_the_chosen_one_is_down_the_other_one_answers(self):
        _, up = await played(pre(failing())[0], request("Short?"))
        assert (up.text, up.path) == (LARGE["text"], "escalated")
        _, down = await played(pre(rule("Rome."), failing())[0], request("Long? " * 20))
        assert (down.text, down.path) == ("Rome.", "degraded")

    async def test_the_first_piece_comes_before_the_answer_is_at_its_end(self):
        made, small, _ = pre(rule("It is Rome.", gap_ms=20))
        stream = made.stream(request("Short?"))
        assert await anext(stream) == Delta(text="It", tokens=1)
        assert small.running == 1
        await stream.aclose()  # pyright: ignore[reportAttributeAccessIssue]
        assert small.running == 0


def probing(small: dict, large: dict = LARGE, tokens: int = 2, **fields):
    one, other = script("s", small), script("l", large)
    made = engine(policy(mode="probe", probe_tokens=tokens, **fields), one, other)
    return made, one, other


GOOD_START = {"text": "one two three four", "logprobs": [LIKELY, LIKELY, UNLIKELY * 9, UNLIKELY]}
BAD_START = {"text": "one two three four", "logprobs": [UNLIKELY, UNLIKELY, 0.0, 0.0]}


class TestProbe:
    async def test_a_good_beginning_goes_on_live(self):
        made, small, large = probing({**GOOD_START, "gap_ms": 10})
        stream = made.stream(request())
        first = await anext(stream)
        assert first == Delta(text="one", tokens=1)
        assert small.running == 1  # there is more to come
        rest = [piece async for piece in stream]
        assert isinstance(rest[-1], Reply)
        assert (rest[-1].text, rest[-1].path) == ("one two three four", "accepted")
        assert large.asked == []

    async def test_a_bad_one_is_given_up_and_paid_for(self):
        made, small, _ = probing({**BAD_START, "gap_ms": 1})
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == (LARGE["text"], "escalated")
        draft = reply.steps[0]
        assert (draft.text, draft.finish, draft.error) == ("one two", None, None)
        assert draft.usage is not None
        assert (draft.usage.output_tokens, draft.usage.counted_by) == (2, "estimate")
        assert draft.timing is not None
        assert small.running == 0

    async def test_only_the_beginning_is_looked_at(self):
        _, reply = await played(probing(GOOD_START)[0], request())
        assert reply.path == "accepted"
        _, reply = await played(probing(GOOD_START, tokens=4)[0], request())
        assert reply.path == "escalated"

    async def test_an_answer_that_ends_before_is_judged_as_a_whole(self):
        _, reply = await played(probing(rule("Rome."), tokens=9)[0], request())
        assert (reply.text, reply.path) == ("Rome.", "accepted")

    async def test_a_draft_that_fails_before_the_decision_is_answered_by_the_large_model(self):
        made, *_ = probing({**GOOD_START, **failing(after_chunks=1)})
        _, reply = await played(made, request())
        assert (reply.path, reply.text) == ("escalated", LARGE["text"])

    async def test_one_that_fails_after_it_is_an_error(self):
        made, *_ = probing({**GOOD_START, **failing(after_chunks=3)})
        with pytest.raises(EngineDied):
            await ask(made, request())

    async def test_where_the_large_model_is_down_the_small_one_is_asked_again(self):
        made, _small, _ = probing(BAD_START, failing())
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == ("one two three four", "degraded")
        assert told(reply) == [("draft", "s"), ("answer", "l"), ("retry*", "s")]

    async def test_a_model_without_log_probabilities_is_judged_by_rules_if_that_is_wanted(self):
        decision = Decision(logistic=by_mean_logprob(), uncalibrated="accept")
        made = engine(
            policy(mode="probe", probe_tokens=2, decision=decision),
            mute("s", rule("one two three")),
            script("l", LARGE),
        )
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == ("one two three", "accepted")
        assert not reply.steps[0].calibrated

    async def test_what_was_learned_from_whole_answers_is_what_decides_live(self):
        made, small, _ = probing(GOOD_START)
        _, reply = await played(made, request())
        whole = await ask(small, request(logprobs=5))
        offline = confidence_of_head(made.policy, request(), whole)
        assert reply.steps[0].confidence == offline.value

    async def test_a_head_is_no_longer_than_asked_for(self):
        whole = await ask(script("s", GOOD_START), request(logprobs=0))
        assert head_of(whole, 2).text == "one two"
        assert head_of(whole, 4) is whole


@pytest.mark.parametrize("mode", ["buffer", "probe"])
@pytest.mark.parametrize("chance", [LIKELY, UNLIKELY])
async def test_streamed_or_drained_the_decision_is_the_same(mode, chance: float):
    decision = Decision(logistic=by_mean_logprob())
    made = engine(
        policy(mode=mode, decision=decision),
        script("s", rule("It is Rome.", chance)),
        script("l", LARGE),
    )
    _, streamed = await played(made, request())
    drained = await ask(made, request())
    assert (streamed.text, streamed.path) == (drained.text, drained.path)
    assert told(streamed) == told(drained)
