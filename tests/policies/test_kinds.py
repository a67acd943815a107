"""Refine, verify, fallback: what the large model does with a draft."""

from contextlib import aclosing

import msgspec
import pytest
from tests.policies.made import (
    LIKELY,
    UNLIKELY,
    Counting,
    by_mean_logprob,
    deaf,
    engine,
    failing,
    mute,
    played,
    policy,
    reading,
    request,
    rule,
    script,
    told,
)
from tests.policies.samples import timing

from sprat.engines.base import ask
from sprat.engines.script import Script
from sprat.errors import (
    ContextTooLong,
    EngineDied,
    PolicyError,
    UnsupportedRequest,
)
from sprat.policies.refine import INSTRUCTION
from sprat.policies.spec import Decision, Fallback, Refine, Rules, Verify
from sprat.types import ChatRequest, Message, Prediction, ResponseFormat

DRAFT = rule("It is Rome.")
LARGE = rule("It is Paris, of course.")


async def refined(text: str, *, asked: str = "What is it?", **rules):
    large = script("l", LARGE)
    made = engine(policy("refine", refine=Refine(**rules)), script("s", rule(text)), large)
    _, reply = await played(made, request(asked))
    return large, reply


class TestRefine:
    async def test_a_short_draft_stands(self):
        large, reply = await refined("Short.", when="long")
        assert (reply.path, reply.text, large.asked) == ("accepted", "Short.", [])

    async def test_a_long_draft_is_improved_in_the_same_conversation(self):
        large, reply = await refined("word " * 120 + "end", when="long", min_chars=600)
        assert (reply.path, reply.text) == ("escalated", LARGE["text"])
        assert told(reply) == [("draft", "s"), ("refine*", "l")]
        assert [m.role for m in large.asked[0].messages] == ["user", "assistant", "user"]
        assert large.asked[0].messages[1].content.startswith("word word")
        assert large.asked[0].messages[2] == Message("user", INSTRUCTION)
        assert "long: 603 characters" in reply.steps[1].why

    async def test_both_latencies_are_kept(self):
        _, reply = await refined("Short.", when="always")
        assert all(step.timing is not None for step in reply.steps)
        assert all(step.usage is not None for step in reply.steps)

    async def test_only_flagged_drafts_where_that_is_the_rule(self):
        _, long = await refined("word " * 200, when="flagged")
        _, flagged = await refined("Short.", when="flagged", flags=("contract",))
        _, asked = await refined(
            "Short.", asked="Read the CONTRACT.", when="flagged", flags=("contract",)
        )
        _, doubtful = await refined("I don't know.", when="flagged")
        assert [r.path for r in (long, flagged)] == ["accepted", "accepted"]
        assert [r.path for r in (asked, doubtful)] == ["escalated", "escalated"]

    async def test_a_flag_is_a_whole_word(self):
        _, other = await refined("Short.", asked="Mind the syntax.", flags=("tax",))
        _, same = await refined("Short.", asked="Mind the tax.", flags=("tax",))
        assert (other.path, same.path) == ("accepted", "escalated")

    async def test_the_draft_stands_while_the_large_model_is_down(self):
        made = engine(
            policy("refine", refine=Refine(when="always")),
            script("s", DRAFT),
            script("l", failing()),
        )
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == ("It is Rome.", "degraded")

    async def test_an_empty_improvement_is_none(self):
        made = engine(
            policy("refine", refine=Refine(when="always")),
            script("s", DRAFT),
            script("l", {"text": ""}),
        )
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == ("It is Rome.", "degraded")
        assert "l answered nothing" in reply.steps[0].why


class TestVerify:
    async def test_exact_gives_the_large_models_answer_and_lets_it_read_the_draft(self):
        large = reading("l", UNLIKELY, LARGE)
        made = engine(policy("verify", verify=Verify(how="exact")), script("s", DRAFT), large)
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == (LARGE["text"], "escalated")
        assert [asked.prediction for asked in large.asked] == [Prediction(text="It is Rome.")]

    async def test_a_draft_that_the_large_model_finds_likely_is_kept(self):
        large = reading("l", LIKELY, LARGE)
        made = engine(policy("verify"), script("s", DRAFT), large)
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == ("It is Rome.", "accepted")
        assert told(reply) == [("draft*", "s"), ("read", "l")]
        assert reply.usage.output_tokens == reply.paid.output_tokens == 3
        assert reply.paid.input_tokens == 3 + 13
        assert reply.steps[0].calibrated

    async def test_a_draft_that_it_finds_unlikely_is_answered_again_with_the_draft_at_hand(self):
        large = reading("l", UNLIKELY, LARGE)
        made = engine(policy("verify"), script("s", DRAFT), large)
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == (LARGE["text"], "escalated")
        assert told(reply) == [("draft", "s"), ("read", "l"), ("answer*", "l")]
        assert large.asked[1].prediction == Prediction(text="It is Rome.")

    async def test_keep_tolerates_what_is_near_enough(self):
        verify = Verify(how="keep", tolerance=2.0)
        made = engine(policy("verify", verify=verify), script("s", DRAFT), reading("l", -1, LARGE))
        _, near = await played(made, request())
        assert (near.text, near.path) == ("It is Rome.", "accepted")
        made = engine(policy("verify", verify=verify), script("s", DRAFT), reading("l", -3, LARGE))
        _, far = await played(made, request())
        assert (far.text, far.path) == (LARGE["text"], "escalated")

    @pytest.mark.parametrize("how", ["exact", "accept", "keep"])
    async def test_drawn_answers_are_drawn_by_the_large_model_without_a_draft(self, how: str):
        small, large = script("s", DRAFT), reading("l", LIKELY, LARGE)
        made = engine(policy("verify", verify=Verify(how=how)), small, large)
        _, reply = await played(made, request(temperature=0.7))
        assert (reply.text, reply.path, small.asked) == (LARGE["text"], "direct", [])
        assert told(reply) == [("gate", "l"), ("answer*", "l")]
        assert large.asked[0].prediction is None

    async def test_and_by_the_small_one_while_that_is_down(self):
        made = engine(policy("verify"), script("s", DRAFT), script("l", failing()))
        _, reply = await played(made, request(temperature=0.7))
        assert (reply.text, reply.path) == ("It is Rome.", "degraded")

    @pytest.mark.parametrize("how", ["exact", "accept", "keep"])
    async def test_a_large_model_that_cannot_read_is_one_clear_error(self, how: str):
        made = engine(
            policy("verify", verify=Verify(how=how)), script("s", DRAFT), deaf("l", LARGE)
        )
        with pytest.raises(PolicyError, match="l cannot read drafts"):
            await ask(made, request())

    async def test_what_cannot_be_read_with_a_form_is_answered_without_the_draft(self):
        made = engine(
            policy("verify", verify=Verify(how="exact")), script("s", DRAFT), deaf("l", LARGE)
        )
        asked = request(response_format=ResponseFormat("json_object"))
        _, reply = await played(made, asked)
        assert (reply.text, reply.path) == (LARGE["text"], "escalated")
        assert [role for role, _ in told(reply)] == ["draft", "answer", "answer*"]

    async def test_without_a_draft_the_large_model_answers_alone(self):
        large = reading("l", LIKELY, LARGE)
        _, reply = await played(engine(policy("verify"), script("s", failing()), large), request())
        assert (reply.text, reply.path) == (LARGE["text"], "escalated")
        assert large.asked == [request()]

    async def test_the_draft_is_kept_while_the_large_model_is_down(self):
        down = script("l", {**failing(), "read": [0.0] * 3})
        made = engine(policy("verify"), script("s", DRAFT), down)
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == ("It is Rome.", "degraded")
        assert told(reply) == [("draft*", "s"), ("read", "l")]
        assert made.standing.large.failures == len(down.asked) == 1

    async def test_what_it_cannot_read_for_its_length_it_is_asked_all_the_same(self):
        class NoRoom(Counting):
            async def stream(self, request: ChatRequest):
                if request.prediction is not None and request.prediction.read_only:
                    raise ContextTooLong("9000 tokens.")
                async with aclosing(self._plain.stream(request)) as pieces:
                    async for piece in pieces:
                        yield piece

            _plain = reading("l", UNLIKELY, LARGE)

        large = NoRoom("l", msgspec.convert({"rule": [LARGE]}, Script))
        _, reply = await played(engine(policy("verify"), script("s", DRAFT), large), request())
        assert (reply.text, reply.path) == (LARGE["text"], "escalated")
        assert reply.steps[0].why == "not read: 9000 tokens."

    async def test_an_empty_answer_after_a_dead_draft_accepts_nothing(self):
        made = engine(
            policy("verify", verify=Verify(how="keep")),
            script("s", failing()),
            script("l", {"text": ""}),
        )
        _, reply = await played(made, request())
        assert (reply.text, reply.path) == ("", "escalated")


def falling(small: dict, large: dict = LARGE, **fields):
    return engine(policy("fallback", **fields), script("s", small), script("l", large))


class TestFallback:
    async def test_an_answer_without_a_fault_stands(self):
        _, reply = await played(falling(DRAFT), request())
        assert (reply.text, reply.path) == ("It is Rome.", "accepted")

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            ({"text": ""}, "too short"),
            ({"text": "I don't know."}, "does not know"),
            ({"text": "I'm sorry, but I can't help with that."}, "refuses"),
            ({"text": "It is", "finish": "length"}, "cut off"),
            ({"text": "It is", "finish": "content_filter"}, "refuses"),
            (failing(), "gave no answer"),
            (failing("timeout"), "gave no answer"),
        ],
    )
    async def test_the_large_model_answers_where_one_is_found(self, answer: dict, why: str):
        _, reply = await played(falling(answer), request())
        assert (reply.text, reply.path) == (LARGE["text"], "escalated")
        assert why in reply.steps[1].why

    async def test_json_of_another_schema_is_a_fault(self):
        schema = {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        }
        asked = request(response_format=ResponseFormat("json_schema", schema=schema))
        _, wrong = await played(falling({"text": '{"town": "Rome"}'}), asked)
        _, right = await played(falling({"text": '{"city": "Rome"}'}), asked)
        assert (wrong.path, right.path) == ("escalated", "accepted")
        assert "'city' is missing" in wrong.steps[0].why

    async def test_a_rule_that_is_off_finds_nothing(self):
        _, reply = await played(
            falling({"text": "I don't know."}, rules=Rules(unknown=False)), request()
        )
        assert reply.path == "accepted"

    async def test_a_faulty_answer_is_better_than_none(self):
        _, reply = await played(falling({"text": "I don't know."}, failing()), request())
        assert (reply.text, reply.path) == ("I don't know.", "degraded")

    async def test_with_neither_it_is_an_error(self):
        with pytest.raises(EngineDied):
            await ask(falling(failing("timeout"), failing()), request())

    async def test_all_that_the_small_model_is_asked_is_done_within_one_limit(self):
        small = script("s", DRAFT)
        made = engine(policy(fallback=Fallback(timeout_s=10)), small, script("l", LARGE))
        turn = made._turn(request())
        draft = turn.begin("small", "draft")
        draft.timing = timing(4, 1)
        check = turn.begin("small", "check")
        check.timing = timing(6, 1)
        reading = turn.begin("large", "read")
        assert (draft.within_s, check.within_s, reading.within_s) == (10, 6, None)
        late = await turn.whole(turn.begin("small", "sample"))
        assert str(late.error) == "s's 10 s are over."
        assert small.asked == []
        assert made.standing.small.failures == 0

    async def test_but_standing_in_for_the_large_one_it_has_a_limit_of_its_own(self):
        made = engine(
            policy(fallback=Fallback(timeout_s=10)), script("s", DRAFT), script("l", LARGE)
        )
        turn = made._turn(request())
        turn.begin("small", "draft").timing = timing(9, 1)
        assert turn.begin("small", "retry", anew=True).within_s == 10

    async def test_what_the_large_one_took_is_not_counted(self):
        made = engine(
            policy(fallback=Fallback(timeout_s=10)), script("s", DRAFT), script("l", LARGE)
        )
        turn = made._turn(request())
        turn.begin("large", "read").timing = timing(99, 1)
        assert turn.begin("small", "check").within_s == 10


class TestMute:
    async def test_a_model_that_tells_no_log_probabilities_is_asked_for_them_once(self):
        small = mute("s", DRAFT)
        made = engine(policy(), small, script("l", LARGE))
        _, first = await played(made, request())
        assert told(first) == [("draft", "s"), ("draft", "s"), ("answer*", "l")]
        assert [asked.logprobs for asked in small.asked] == [5, None]

    async def test_then_no_draft_is_made_that_could_not_be_judged(self):
        small = mute("s", DRAFT)
        made = engine(policy(), small, script("l", LARGE))
        await ask(made, request())
        _, second = await played(made, request())
        assert told(second) == [("gate", "l"), ("answer*", "l")]
        assert (second.path, second.steps[0].why) == (
            "direct",
            "s tells no log-probabilities to judge it by",
        )
        assert len(small.asked) == 2

    async def test_where_unjudged_drafts_are_accepted_they_are_still_made(self):
        decision = Decision(logistic=by_mean_logprob(), uncalibrated="accept")
        small = mute("s", DRAFT)
        made = engine(policy(decision=decision), small, script("l", LARGE))
        await ask(made, request())
        _, second = await played(made, request())
        assert told(second)[0][0].startswith("draft")
        assert [asked.logprobs for asked in small.asked] == [5, None, None]

    async def test_the_attempt_that_was_refused_is_a_step_with_its_error(self):
        made = engine(policy(), mute("s", DRAFT), script("l", LARGE))
        _, reply = await played(made, request())
        assert reply.steps[0].error == "logprobs is 5, and it tells none."
        assert not reply.steps[0].kept

    async def test_a_reset_asks_it_again(self):
        small = mute("s", DRAFT)
        made = engine(policy(), small, script("l", LARGE))
        await ask(made, request())
        assert (made.standing.small.mute, made.standing.large.mute) == (True, False)
        made.reset()
        assert not made.standing.small.mute
        await ask(made, request())
        assert [asked.logprobs for asked in small.asked] == [5, None, 5, None]

    async def test_a_caller_who_wants_them_gets_them_from_the_other_model(self):
        made = engine(policy(), mute("s", DRAFT), script("l", LARGE))
        _, reply = await played(made, request(logprobs=0))
        assert (reply.path, reply.text) == ("escalated", LARGE["text"])
        assert reply.logprobs is not None

    async def test_a_refusal_of_something_else_does_not_make_a_model_mute(self):
        small = mute("s", DRAFT)
        made = engine(policy(), small, script("l", LARGE))
        _, reply = await played(made, request(response_format=ResponseFormat("json_object")))
        assert (reply.path, reply.text) == ("direct", LARGE["text"])
        assert told(reply) == [("draft", "s"), ("draft", "s"), ("answer*", "l")]
        assert not made._halves["small"].mute
        await played(made, request())
        assert made._halves["small"].mute


async def test_a_policy_that_is_given_a_prediction_refuses_it_by_name():
    made = engine(policy(), script("s", DRAFT), script("l", LARGE))
    with pytest.raises(UnsupportedRequest) as caught:
        await ask(made, request(prediction=Prediction(text="x")))
    assert caught.value.param == "prediction"
