"""Rules that come first and cost nothing."""

import asyncio

import pytest
from tests.policies.made import (
    UNLIKELY,
    by_mean_logprob,
    clock,
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
from sprat.errors import EngineDied, EngineRefused, UnsupportedRequest
from sprat.policies.breaker import Breaker
from sprat.policies.budget import Budget
from sprat.policies.spec import Decision, Fallback, Gates, Refine, Verify
from sprat.types import Message

SMALL, LARGE = rule("Small."), rule("Large.", UNLIKELY)
TOOL = {"type": "function", "function": {"name": "look", "parameters": {}}}
CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def gated(small: dict = SMALL, large: dict = LARGE, *, away=frozenset(), price=None, **gates):
    one, other = script("s", small), script("l", large)
    made = engine(policy(gates=Gates(**gates)), one, other, away=away, price=price)
    return made, one, other


class TestTools:
    async def test_a_request_with_tools_goes_to_the_large_model(self):
        made, small, _ = gated()
        _, reply = await played(made, request(tools=(TOOL,)))
        assert (reply.text, reply.path, small.asked) == ("Large.", "direct", [])
        assert told(reply) == [("gate", "l"), ("answer*", "l")]
        assert reply.steps[0].why == "tools: the large model, the whole conversation long"

    async def test_so_do_the_later_turns_of_that_conversation(self):
        made, small, _ = gated()
        turns = (
            Message("user", "What?"),
            Message("assistant", tool_calls=(CALL,)),
            Message("tool", "Rain.", tool_call_id="1"),
        )
        _, reply = await played(made, request().__class__(messages=turns))
        assert (reply.path, small.asked) == ("direct", [])

    async def test_or_all_of_it_to_the_small_one_where_that_is_set(self):
        made, _, large = gated(tools="small")
        _, reply = await played(made, request(tools=(TOOL,)))
        assert (reply.text, large.asked) == ("Small.", [])

    async def test_a_pinned_conversation_does_not_change_its_model_when_that_fails(self):
        made, small, _ = gated(large=failing())
        with pytest.raises(EngineDied):
            await ask(made, request(tools=(TOOL,)))
        assert small.asked == []

    async def test_but_it_goes_to_the_other_one_where_the_first_cannot_have_tools(self):
        made, *_ = gated()  # no rule of the script has a call that is required
        asked = request(tools=(TOOL,), tool_choice="required")
        with pytest.raises(UnsupportedRequest):
            await ask(made, asked)
        call = {"id": "1", "function": {"name": "look"}}
        made, *_ = gated(small={"tool_calls": [call], "finish": "tool_calls"})
        _, reply = await played(made, asked)
        assert (reply.finish, reply.path) == ("tool_calls", "direct")


class TestLength:
    async def test_a_long_prompt_goes_to_the_large_model(self):
        made, small, _ = gated(most_chars=20)
        _, reply = await played(made, request("x" * 21))
        assert (reply.text, reply.path, small.asked) == ("Large.", "direct", [])
        assert reply.steps[0].why == "long: 21 characters, over 20"

    async def test_and_to_the_small_one_while_the_large_one_is_down(self):
        made, *_ = gated(large=failing(), most_chars=20)
        _, reply = await played(made, request("x" * 21))
        assert (reply.text, reply.path) == ("Small.", "degraded")

    async def test_a_short_one_is_drafted(self):
        made, *_ = gated(most_chars=20)
        _, reply = await played(made, request("x" * 20))
        assert reply.path == "accepted"


SECRET = "My number is 850101-14-5567."
NUMBERS = (r"\d{6}-\d{2}-\d{4}",)


class TestPrivacy:
    async def test_what_is_private_never_goes_to_a_large_model_elsewhere(self):
        made, _, large = gated(rule("Small.", UNLIKELY), away={"large"}, private=NUMBERS)
        _, reply = await played(made, request(SECRET))
        assert (reply.text, reply.path, large.asked) == ("Small.", "direct", [])
        assert reply.steps[0].why == "private: pattern 1 is in the conversation"

    async def test_not_even_when_the_small_one_fails(self):
        made, _, large = gated(failing(), away={"large"}, private=NUMBERS)
        with pytest.raises(EngineDied):
            await ask(made, request(SECRET))
        assert large.asked == []

    async def test_nor_with_tools(self):
        made, _, large = gated(away={"large"}, private=NUMBERS)
        _, reply = await played(made, request(SECRET, tools=(TOOL,)))
        assert (reply.text, large.asked) == ("Small.", [])

    async def test_an_earlier_turn_counts_too(self):
        made, _, large = gated(away={"large"}, private=NUMBERS)
        turns = (Message("user", SECRET), Message("assistant", "Oh."), Message("user", "And?"))
        await ask(made, request().__class__(messages=turns))
        assert large.asked == []

    async def test_other_conversations_may_go(self):
        made, *_ = gated(rule("Small.", UNLIKELY), away={"large"}, private=NUMBERS)
        _, reply = await played(made, request())
        assert reply.path == "escalated"

    async def test_with_the_small_one_elsewhere_the_large_one_answers(self):
        made, small, _ = gated(away={"small"}, private=NUMBERS)
        _, reply = await played(made, request(SECRET))
        assert (reply.text, small.asked) == ("Large.", [])

    async def test_with_both_elsewhere_nobody_does(self):
        made, small, large = gated(away={"small", "large"}, stay_here=True)
        with pytest.raises(UnsupportedRequest, match="No model of policy p may answer this"):
            await ask(made, request())
        assert small.asked == large.asked == []

    async def test_on_this_machine_it_may_go_to_both(self):
        made, *_ = gated(rule("Small.", UNLIKELY), stay_here=True)
        _, reply = await played(made, request(SECRET))
        assert reply.path == "escalated"

    async def test_a_draft_that_holds_it_is_not_sent_away_to_be_refined(self):
        large = script("l", LARGE)
        made = engine(
            policy("refine", refine=Refine(when="always"), gates=Gates(private=NUMBERS)),
            script("s", rule(SECRET)),
            large,
            away={"large"},
        )
        _, reply = await played(made, request())
        assert (reply.text, reply.path, large.asked) == (SECRET, "degraded", [])
        assert told(reply) == [("draft*", "s"), ("gate", "l")]
        assert "private: pattern 1 is in the draft" in reply.steps[1].why
        assert made.standing.large.failures == 0

    @pytest.mark.parametrize("how", ["exact", "accept", "keep"])
    async def test_nor_to_be_read(self, how: str):
        large = script("l", {**LARGE, "read": [0.0] * 4})
        made = engine(
            policy("verify", verify=Verify(how=how), gates=Gates(private=NUMBERS)),
            script("s", rule(SECRET)),
            large,
            away={"large"},
        )
        _, reply = await played(made, request())
        assert (reply.text, reply.path, large.asked) == (SECRET, "degraded", [])

    async def test_what_came_of_a_private_draft_may_still_be_answered_from_the_prompt(self):
        made, _, large = gated(rule(SECRET, UNLIKELY), away={"large"}, private=NUMBERS)
        _, reply = await played(made, request())
        assert (reply.path, large.asked) == ("escalated", [request()])

    async def test_a_small_model_elsewhere_is_not_asked_about_its_own_private_draft(self):
        checking = Decision(logistic=by_mean_logprob(), self_check=True)
        small = script("s", rule(SECRET))
        made = engine(
            policy(decision=checking, gates=Gates(private=NUMBERS)),
            small,
            script("l", LARGE),
            away={"small"},
        )
        _, reply = await played(made, request())
        assert (reply.path, len(small.asked)) == ("accepted", 1)


class TestBudget:
    async def test_once_it_is_used_up_the_small_model_answers_alone(self):
        made, *_ = gated(rule("Small.", UNLIKELY), budget_usd=1.0, price=lambda *_: 0.5)
        paths = [(await ask(made, request())).path for _ in range(3)]
        assert paths == ["escalated", "escalated", "direct"]
        assert made.standing.budget.spent_usd == 1.0

    async def test_the_small_models_cost_is_not_in_it(self):
        made, *_ = gated(budget_usd=1.0, price=lambda *_: 0.5)
        for _ in range(4):
            assert (await ask(made, request())).path == "accepted"
        assert made.standing.budget.spent_usd == 0

    async def test_an_answer_that_the_caller_left_is_paid_for_too(self):
        large = rule("one two three", gap_ms=5000)
        made, *_ = gated(rule("Small.", UNLIKELY), large, budget_usd=1.0, price=lambda *_: 0.5)
        stream = made.stream(request())
        await anext(stream)
        await stream.aclose()  # pyright: ignore[reportAttributeAccessIssue]
        assert made.standing.budget.spent_usd == 0.5

    async def test_an_unknown_price_uses_it_up(self):
        made, *_ = gated(rule("Small.", UNLIKELY), budget_usd=1.0, price=lambda *_: None)
        await ask(made, request())
        _, reply = await played(made, request())
        assert reply.path == "direct"
        assert "price is not known" in reply.steps[0].why

    async def test_requests_that_draft_at_once_look_again_before_they_escalate(self):
        slow = rule("Small.", UNLIKELY, contains="slow", first_ms=30)
        small, large = script("s", slow, rule("Small.", UNLIKELY)), script("l", LARGE)
        gates = Gates(budget_usd=0.5)
        made = engine(policy(gates=gates), small, large, price=lambda *_: 0.5)
        late = asyncio.create_task(played(made, request("slow")))
        await small.began.wait()
        assert (await ask(made, request())).path == "escalated"
        _, reply = await late
        assert (reply.text, reply.path) == ("Small.", "degraded")
        assert told(reply) == [("draft*", "s"), ("gate", "l")]
        assert "the budget is used up" in reply.steps[1].why
        assert made.standing.budget.spent_usd == 0.5

    def test_after_a_day_there_is_money_again(self):
        tell, wait = clock()
        budget = Budget(1.0, tell)
        budget.spend(1.0)
        wait(23 * 3600)
        assert budget.used_up
        wait(3600)
        assert budget.used_up is None


class TestBreaker:
    def test_after_some_failures_in_a_row_it_is_left_alone_and_then_tried_by_one(self):
        tell, wait = clock()
        breaker = Breaker(2, 30, tell)
        breaker.failed(EngineDied("It died."), 1)
        assert breaker.take(1) is None
        breaker.failed(EngineDied("It died."), 1)
        assert "left alone for 30 s more: 2 failures in a row, last: It died." in str(
            breaker.take(1)
        )
        wait(30)
        assert breaker.take(1) is None
        assert "while one request tries it" in str(breaker.take(1))
        breaker.worked()
        assert breaker.take(1) is None
        assert breaker.standing.failures == 0

    def test_a_failed_try_starts_the_time_anew(self):
        tell, wait = clock()
        breaker = Breaker(1, 30, tell)
        breaker.failed(EngineDied("It died."), 1)
        wait(31)
        assert breaker.take(1) is None
        breaker.failed(EngineDied("It died."), 1)
        assert breaker.left_alone_s == 30

    def test_a_try_that_the_caller_gave_up_is_made_again(self):
        tell, wait = clock()
        breaker = Breaker(1, 30, tell)
        breaker.failed(EngineDied("It died."), 1)
        wait(31)
        assert breaker.take(1) is None
        breaker.released(1)
        assert breaker.take(1) is None

    def test_an_answer_in_between_starts_the_count_anew(self):
        breaker = Breaker(2, 30)
        for _ in range(3):
            breaker.failed(EngineDied("It died."), 1)
            breaker.worked()
        assert breaker.take(1) is None

    def test_a_server_that_asks_to_be_left_alone_is_left_alone_as_long(self):
        tell, wait = clock()
        breaker = Breaker(3, 30, tell)
        breaker.failed(EngineRefused("Slow down.", status=429, retry_after_s=7), 1)
        assert "left alone for 7 s more: 1 failure, last: Slow down." in str(breaker.take(1))
        wait(7)
        assert breaker.take(1) is None

    def test_what_only_the_request_is_at_fault_for_does_not_count(self):
        breaker = Breaker(1, 30)
        breaker.failed(UnsupportedRequest("no"), 1)
        assert breaker.take(1) is None

    async def test_through_a_policy_the_large_model_is_asked_again_after_its_time(self):
        tell, wait = clock()
        large = script("l", {"contains": "bad", **failing()}, LARGE)
        made = engine(policy(), script("s", rule("Small.", UNLIKELY)), large, clock=tell)
        for _ in range(4):
            await ask(made, request("bad"))
        assert len(large.asked) == 3
        assert made.standing.large.left_alone_s == 30
        wait(31)
        assert (await ask(made, request("good"))).path == "escalated"
        assert made.standing.large.failures == 0

    async def test_reset_asks_it_again_at_once(self):
        made, _, large = gated(rule("Small.", UNLIKELY), large=failing())
        for _ in range(4):
            await ask(made, request())
        made.reset()
        await ask(made, request())
        assert len(large.asked) == 4

    def test_who_left_before_does_not_end_another_ones_try(self):
        tell, wait = clock()
        breaker = Breaker(1, 30, tell)
        assert breaker.take("early") is None
        breaker.failed(EngineDied("It died."), "other")
        wait(31)
        assert breaker.take("trial") is None
        breaker.released("early", well=True)
        assert "while one request tries it" in str(breaker.take("late"))
        breaker.failed(UnsupportedRequest("no"), "early")
        assert "while one request tries it" in str(breaker.take("late"))
        breaker.released("trial")
        assert breaker.take("late") is None

    async def test_a_draft_that_was_given_up_at_its_beginning_shows_that_the_model_is_well(self):
        tell, wait = clock()
        small = script("s", {"contains": "bad", **failing()}, rule("one two three", UNLIKELY))
        made = engine(
            policy(mode="probe", probe_tokens=2, fallback=Fallback(failures=1)),
            small,
            script("l", LARGE),
            clock=tell,
        )
        await ask(made, request("bad"))
        assert made.standing.small.left_alone_s == 30
        wait(31)
        assert (await ask(made, request())).path == "escalated"
        assert made.standing.small.failures == 0
        assert len(small.asked) == 2
        await ask(made, request())
        assert len(small.asked) == 3
