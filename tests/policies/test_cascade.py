"""The small model answers; the large one where that is not good enough."""

import asyncio
from contextlib import aclosing

import msgspec
import pytest
from tests.policies.made import (
    UNLIKELY,
    by_mean_logprob,
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
from sprat.errors import EngineDied, EngineRefused
from sprat.policies.spec import Decision, Fallback
from sprat.types import Delta, Reply, ResponseFormat, Usage

SURE = rule("It is Paris.")
UNSURE = rule("It is Rome.", UNLIKELY)
LARGE = rule("It is Paris, of course.")


async def test_a_sure_draft_is_the_answer_and_the_large_model_is_not_asked():
    large = script("l", LARGE)
    _, reply = await played(engine(policy(), script("s", SURE), large), request())
    assert (reply.text, reply.path) == ("It is Paris.", "accepted")
    assert told(reply) == [("draft*", "s")]
    assert large.asked == []


async def test_an_unsure_draft_is_answered_again_by_the_large_model():
    small, large = script("s", UNSURE), script("l", LARGE)
    _, reply = await played(engine(policy(), small, large), request())
    assert (reply.text, reply.path) == (LARGE["text"], "escalated")
    assert told(reply) == [("draft", "s"), ("answer*", "l")]
    assert large.asked == [request()]


async def test_a_discarded_draft_is_kept_in_the_steps_and_paid_for():
    made = engine(policy(), script("s", UNSURE), script("l", LARGE), price=lambda *_: 0.25)
    _, reply = await played(made, request())
    draft, answer = reply.steps
    assert (draft.text, answer.text) == ("It is Rome.", None)
    assert draft.usage == Usage(3, 3)
    assert reply.usage == answer.usage == Usage(3, 5)
    assert reply.paid == Usage(6, 8)
    assert reply.cost_usd == 0.5


async def test_an_unknown_price_makes_the_whole_unknown():
    def price(name: str, usage: Usage, timing: object) -> float | None:
        return None if name == "s" else 1.0

    made = engine(policy(), script("s", UNSURE), script("l", LARGE), price=price)
    _, reply = await played(made, request())
    assert [step.cost_usd for step in reply.steps] == [None, 1.0]
    assert reply.cost_usd is None


async def test_the_confidence_and_what_it_was_held_against_are_in_the_step():
    _, reply = await played(engine(policy(), script("s", SURE), script("l", LARGE)), request())
    (step,) = reply.steps
    assert step.confidence is not None
    assert step.confidence > 0.9
    assert step.calibrated
    assert "is at least 0.500" in step.why


async def test_log_probabilities_nobody_asked_for_are_not_shown():
    small = script("s", SURE)
    pieces, reply = await played(engine(policy(), small, script("l", LARGE)), request())
    assert small.asked[0].logprobs == 5
    assert reply.logprobs is None
    assert all(piece.logprobs == () for piece in pieces)


async def test_as_many_alternatives_are_shown_as_were_asked_for():
    made = engine(policy(), script("s", SURE), script("l", LARGE))
    _, none = await played(made, request(logprobs=0))
    assert none.logprobs is not None
    assert [entry.top for entry in none.logprobs] == [(), (), ()]
    _, one = await played(made, request(logprobs=1))
    assert one.logprobs is not None
    assert [len(entry.top) for entry in one.logprobs] == [1, 1, 1]


async def test_without_log_probabilities_rules_decide_and_say_so():
    small = script("s", {"text": "I don't know."})
    _, reply = await played(engine(policy(), small, script("l", LARGE)), request())
    assert reply.path == "escalated"
    assert not reply.steps[0].calibrated
    assert "does not know" in reply.steps[0].why


async def test_the_first_token_is_the_first_one_of_the_kept_answer():
    small = script("s", rule("It is Rome.", UNLIKELY, first_ms=5, gap_ms=2))
    _, reply = await played(engine(policy(), small, script("l", LARGE)), request())
    draft, answer = reply.steps
    assert draft.timing is not None
    assert answer.timing is not None
    assert answer.timing.first_token_ns is not None
    assert reply.timing.first_token_ns is not None
    assert reply.timing.sent_ns <= draft.timing.sent_ns
    assert reply.timing.first_token_ns >= answer.timing.first_token_ns > draft.timing.done_ns


async def test_a_failing_small_model_is_one_more_step_and_the_large_one_answers():
    made = engine(policy(), script("s", failing()), script("l", LARGE))
    _, reply = await played(made, request())
    assert (reply.text, reply.path) == (LARGE["text"], "escalated")
    assert reply.steps[0].error == "It died."


async def test_what_is_too_long_for_the_small_one_goes_to_the_large_one_directly():
    made = engine(policy(), script("s", failing("too-long")), script("l", LARGE))
    _, reply = await played(made, request())
    assert reply.path == "direct"


async def test_while_the_large_model_is_down_the_draft_is_kept():
    made = engine(policy(), script("s", UNSURE), script("l", failing()))
    _, reply = await played(made, request())
    assert (reply.text, reply.path) == ("It is Rome.", "degraded")
    assert told(reply) == [("draft*", "s"), ("answer", "l")]
    assert "kept, because It died." in reply.steps[0].why


async def test_a_large_model_that_breaks_off_in_the_middle_is_an_error():
    broken = script("l", {"text": "It is", **failing(after_chunks=1)})
    with pytest.raises(EngineDied):
        await ask(engine(policy(), script("s", UNSURE), broken), request())


async def test_with_neither_there_is_the_large_ones_error_and_the_small_ones_in_its_message():
    made = engine(policy(), script("s", failing("timeout")), script("l", failing()))
    with pytest.raises(EngineDied) as caught:
        await ask(made, request())
    assert str(caught.value) == "It died. Before that s gave no answer: It timeout."
    assert made.standing.large.last_error == "It died."


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"mode": "pre"}, "It died. Before that s gave no answer: It timeout."),
        ({"mode": "probe", "probe_tokens": 1}, "It died. Before that s gave no answer: It timeout"),
    ],
)
async def test_so_it_is_in_the_other_modes(fields: dict, said: str):
    made = engine(
        policy(**fields, decision=Decision()),
        script("s", failing("timeout")),
        script("l", failing()),
    )
    with pytest.raises(EngineDied, match=said):
        await ask(made, request())


async def test_a_model_that_keeps_failing_is_left_alone():
    large = script("l", failing())
    made = engine(policy(fallback=Fallback(failures=2)), script("s", UNSURE), large)
    for _ in range(3):
        _, reply = await played(made, request())
    assert len(large.asked) == 2
    assert told(reply)[-1] == ("gate", "l")
    assert "left alone for 30 s more: 2 failures in a row" in reply.steps[-1].why


async def test_with_both_left_alone_the_error_says_when_to_come_again():
    settings = Fallback(failures=1)
    made = engine(policy(fallback=settings), script("s", failing()), script("l", failing()))
    with pytest.raises(EngineDied):
        await ask(made, request())
    with pytest.raises(EngineRefused) as caught:
        await ask(made, request())
    assert caught.value.status == 503
    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s > 0


async def test_a_small_model_that_takes_too_long_is_cut():
    small = script("s", rule("It is Paris.", gap_ms=5000))
    made = engine(policy(fallback=Fallback(timeout_s=0.01)), small, script("l", LARGE))
    _, reply = await played(made, request())
    assert reply.path == "escalated"
    assert reply.steps[0].error == "s had not answered after 0.01 s."
    assert small.running == 0


async def test_a_caller_who_leaves_while_it_drafts_stops_the_small_model():
    small = script("s", rule("It is Paris.", gap_ms=5000))
    task = asyncio.create_task(ask(engine(policy(), small, script("l", LARGE)), request()))
    await small.began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert small.running == 0


async def test_a_caller_who_leaves_after_the_first_piece_stops_the_large_model():
    large = script("l", rule("It is Paris, of course.", gap_ms=5000))
    made = engine(policy(), script("s", UNSURE), large)
    async with aclosing(made.stream(request())) as pieces:
        assert isinstance(await anext(pieces), Delta)
        assert large.running == 1
    assert large.running == 0


async def test_another_temperature_than_it_was_calibrated_for_is_said():
    made = engine(policy(sampling={"temperature": 0.0}), script("s", SURE), script("l", LARGE))
    _, greedy = await played(made, request())
    _, warm = await played(made, request(temperature=0.7))
    assert greedy.steps[0].calibrated
    assert not warm.steps[0].calibrated
    assert "learned for other sampling" in warm.steps[0].why


async def test_many_at_once_each_get_their_own():
    small = script("s", rule("Sure.", contains="a"), rule("Unsure.", UNLIKELY, gap_ms=1))
    made = engine(policy(), small, script("l", LARGE))
    asked = [request("a" if number % 2 else "b") for number in range(40)]
    replies = await asyncio.gather(*(ask(made, one) for one in asked))
    assert [reply.path for reply in replies] == ["escalated", "accepted"] * 20


async def test_a_self_check_and_a_second_answer_are_steps_of_their_own():
    yes = {"text": "Yes", "logprobs": [-0.1], "contains": "Is the answer above right"}
    small = script("s", yes, SURE)
    decision = Decision(logistic=by_mean_logprob(), self_check=True, sample=True)
    made = engine(policy(decision=decision), small, script("l", LARGE))
    _, reply = await played(made, request())
    assert told(reply) == [("draft*", "s"), ("check", "s"), ("sample", "s")]
    assert small.asked[1].messages[-2].content == "It is Paris."
    assert (small.asked[2].temperature, small.asked[2].seed) == (0.7, 1)
    assert reply.text == "It is Paris."


async def test_where_nothing_was_learned_nothing_more_is_asked():
    small = script("s", SURE)
    decision = Decision(self_check=True, sample=True)
    made = engine(policy(decision=decision), small, script("l", LARGE))
    _, reply = await played(made, request())
    assert told(reply) == [("draft*", "s")]
    assert len(small.asked) == 1


async def test_a_sure_draft_without_the_form_that_was_asked_for_is_escalated_and_not_checked():
    checking = Decision(logistic=by_mean_logprob(), self_check=True, sample=True)
    small = script("s", SURE)
    made = engine(policy(decision=checking), small, script("l", rule('{"c": 1}')))
    asked = request(response_format=ResponseFormat("json_object"))
    _, reply = await played(made, asked)
    assert (reply.text, reply.path, len(small.asked)) == ('{"c": 1}', "escalated", 1)
    assert (reply.steps[0].confidence, reply.steps[0].calibrated) == (None, False)
    assert "by rule: not of the form that was asked for: no JSON" in reply.steps[0].why


async def test_both_engines_are_warmed_and_closed():
    small, large = script("s", SURE), script("l", LARGE)
    made = engine(policy(), small, large)
    assert (await made.warm()).load_s == 0
    await made.aclose()
    assert (small.closed, large.closed) == (1, 1)


async def test_lent_engines_are_left_open():
    small, large = script("s", SURE), script("l", LARGE)
    await engine(policy(), small, large, owns=False).aclose()
    assert (small.closed, large.closed) == (0, 0)


async def test_a_model_that_had_to_be_loaded_is_told_by_the_policys_times_too():
    small = script("s", UNSURE)

    async def loading(asked):
        async for piece in type(small).stream(small, asked):
            if isinstance(piece, Reply):
                loaded = msgspec.structs.replace(piece.timing, loaded_ns=piece.timing.done_ns)
                piece = msgspec.structs.replace(piece, timing=loaded)  # noqa: PLW2901
            yield piece

    small.stream = loading
    _, reply = await played(engine(policy(), small, script("l", LARGE)), request())
    assert reply.timing.loaded_ns == reply.steps[0].timing.done_ns
