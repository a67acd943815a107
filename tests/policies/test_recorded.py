"""An engine that answers from an outcome log."""

import pytest
from tests.policies.samples import (
    drawn_tokens,
    question,
    reading_run,
    reply,
    run,
    timing,
    token,
)
from tests.policies.test_outcomes import log_of

from sprat.engines.base import ask
from sprat.errors import EngineError, EngineRefused
from sprat.policies.checks import check_request, yes_probability
from sprat.policies.engine import PolicyEngine
from sprat.policies.features import features_of
from sprat.policies.logistic import Logistic
from sprat.policies.outcomes import outcomes_of
from sprat.policies.recorded import RecordedClock, RecordedEngine
from sprat.policies.spec import Decision, Policy, Side
from sprat.types import ChatRequest, Delta, Message, Prediction, Question, Reply, Run, TokenLogprob

PARIS, ROME = question("Paris"), question("Rome")
FOUR = reply(token("Par"), token("is"), token(", "), token("yes"), timing=timing(2.0, 0.5))


def engine(*runs: Run, model: str = "small", clock: RecordedClock | None = None) -> RecordedEngine:
    questions = [PARIS, ROME]
    return RecordedEngine(log_of(*outcomes_of(runs, questions)), model, questions, clock)


def asked(of: Question, **changes: object) -> ChatRequest:
    return ChatRequest(messages=of.messages, **changes)


async def test_it_gives_the_recorded_answer_with_its_usage_and_seconds() -> None:
    got = await ask(engine(run(PARIS, "small", FOUR)), asked(PARIS))
    assert (got.text, got.finish, got.usage) == (FOUR.text, FOUR.finish, FOUR.usage)
    assert (got.timing.answer_s, got.timing.ttft_s) == (2.0, 0.5)
    assert got.logprobs is None


async def test_its_log_probabilities_give_the_features_of_the_answer() -> None:
    live = reply(*drawn_tokens(seed=2, count=30))
    request = asked(PARIS, logprobs=5)
    got = await ask(engine(run(PARIS, "small", live)), request)
    assert features_of(got, request) == features_of(live, request)


async def test_its_pieces_are_the_tokens_and_spell_the_answer() -> None:
    request = asked(PARIS, logprobs=5)
    pieces = [piece async for piece in engine(run(PARIS, "small", FOUR)).stream(request)]
    assert isinstance(pieces[-1], Reply)
    deltas = [piece for piece in pieces if isinstance(piece, Delta)]
    assert [delta.text for delta in deltas] == ["Par", "is", ", ", "yes"]
    assert tuple(t for delta in deltas for t in delta.logprobs) == pieces[-1].logprobs


async def test_a_shorter_answer_is_the_beginning_of_the_recorded_one() -> None:
    got = await ask(engine(run(PARIS, "small", FOUR)), asked(PARIS, max_tokens=2, logprobs=5))
    assert (got.text, got.finish, got.usage.output_tokens) == ("Paris", "length", 2)
    assert got.timing.answer_s == pytest.approx(0.5 + 1.5 / 3)


async def test_the_clock_goes_on_by_what_the_answer_took() -> None:
    clock = RecordedClock()
    recorded = engine(run(PARIS, "small", FOUR), clock=clock)
    seen = [clock() async for _ in recorded.stream(asked(PARIS))]
    assert seen == [500_000_000, 1_000_000_000, 1_500_000_000, 2_000_000_000, 2_000_000_000]
    again = await ask(recorded, asked(PARIS))
    assert again.timing.sent_ns == 2_000_000_000
    assert clock() == 4_000_000_000


async def test_an_answer_that_is_broken_off_takes_the_time_until_then() -> None:
    clock = RecordedClock()
    stream = engine(run(PARIS, "small", FOUR), clock=clock).stream(asked(PARIS))
    await anext(stream)
    await anext(stream)
    await stream.aclose()  # pyright: ignore[reportAttributeAccessIssue] - an async generator
    assert clock() == 1_000_000_000


async def test_a_recorded_error_is_raised_after_its_time() -> None:
    clock = RecordedClock()
    recorded = engine(run(PARIS, "small", None, error="the worker died"), clock=clock)
    with pytest.raises(EngineError, match="the worker died"):
        await ask(recorded, asked(PARIS))
    assert clock() == 1_500_000_000


async def test_an_unknown_question_is_refused_by_its_words() -> None:
    recorded = engine(run(PARIS, "small", FOUR))
    for messages in (ROME.messages, (Message("user", "What else?"),), ()):
        with pytest.raises(EngineRefused, match="is recorded"):
            await ask(recorded, ChatRequest(messages=messages))


READ = reply(text="", read=(token("Par", 0.2, 0.7), token("is", 0.9)), timing=timing(0.3, 0.3))
EXACT = reply(token("Rome"), timing=timing(0.4, 0.3))
RUNS = (
    run(PARIS, "small", reply(token("Paris"))),
    run(PARIS, "large", reply(token("Rome"), timing=timing(3.0, 2.0))),
    reading_run(PARIS, "large", "Paris", READ, read_only=True),
    reading_run(PARIS, "large", "Paris", EXACT),
)


async def test_a_draft_is_read_as_it_was_read() -> None:
    request = asked(PARIS, prediction=Prediction(text="Paris", read_only=True))
    got = await ask(engine(*RUNS, model="large"), request)
    assert got.text == ""
    assert got.timing.answer_s == pytest.approx(0.3)
    assert got.read is not None
    assert [t.token for t in got.read] == ["Par", "is"]


async def test_with_a_draft_the_answer_is_the_same_in_other_seconds() -> None:
    recorded = engine(*RUNS, model="large")
    plain = await ask(recorded, asked(PARIS))
    helped = await ask(recorded, asked(PARIS, prediction=Prediction(text="Paris")))
    assert plain.text == helped.text == "Rome"
    assert (plain.timing.answer_s, helped.timing.answer_s) == (3.0, pytest.approx(0.4))


@pytest.mark.parametrize(
    "prediction", [Prediction(text="Oslo"), Prediction(text="Paris", tolerance=1.0)]
)
async def test_a_draft_that_was_not_recorded_is_refused(prediction: Prediction) -> None:
    with pytest.raises(EngineRefused):
        await ask(engine(*RUNS, model="large"), asked(PARIS, prediction=prediction))


async def test_a_second_answer_is_not_the_first_one_again() -> None:
    with pytest.raises(EngineRefused, match="agreement"):
        await ask(engine(run(PARIS, "small", FOUR)), asked(PARIS, temperature=0.7))
    drawn = run(PARIS, "small", reply(token("Lyon")), request=asked(PARIS, temperature=0.7))
    recorded = engine(run(PARIS, "small", FOUR), drawn)
    assert (await ask(recorded, asked(PARIS, temperature=0.7))).text == "Lyon"


async def test_a_check_of_an_answer_is_no_question_of_the_log() -> None:
    check = (*PARIS.messages, Message("assistant", "Paris"), Message("user", "Is that right?"))
    with pytest.raises(EngineRefused, match="self_check"):
        await ask(engine(run(PARIS, "small", FOUR)), ChatRequest(messages=check))


async def test_a_recorded_check_answers_as_it_did() -> None:
    check = check_request(asked(PARIS), FOUR.text)
    said = reply(TokenLogprob("Yes", -0.25, (("Yes", -0.25), ("No", -1.75))))
    recorded = engine(run(PARIS, "small", FOUR), run(PARIS, "small", said, request=check))
    got = await ask(recorded, check)
    assert yes_probability(got) == yes_probability(said)
    assert got.text == "Yes"


LEARNED = Logistic(features=("mean",), centres=(-1.0,), scales=(1.0,), weights=(4.0,), bias=0.0)
LARGE = reply(token("Paris"), timing=timing(3.0, 2.0))


def over_the_log(draft: Reply, **changes: object) -> tuple[PolicyEngine, RecordedClock]:
    """The policy that serves, over recorded answers, on their clock."""
    clock = RecordedClock()
    runs = run(PARIS, "small", draft), run(PARIS, "large", LARGE)
    small, large = (engine(*runs, model=name, clock=clock) for name in ("small", "large"))
    policy = Policy(
        name="p",
        kind="cascade",
        small=Side(model="small"),
        large=Side(model="large"),
        decision=Decision(logistic=LEARNED),
        **changes,
    )
    return PolicyEngine(policy, small, large, name="p", clock=clock), clock


def draft(p: float) -> Reply:
    words = ("It", " is", " Rome", ".")
    return reply(*(token(word, p, 0.001) for word in words), timing=timing(2.0, 0.5))


async def test_a_policy_keeps_a_sure_recorded_draft_in_its_recorded_seconds() -> None:
    served, clock = over_the_log(draft(0.9))
    got = await ask(served, asked(PARIS))
    assert (got.path, got.text) == ("accepted", "It is Rome.")
    assert clock() == 2_000_000_000
    assert sum(step.timing.answer_s for step in got.steps if step.timing) == pytest.approx(2.0)


async def test_a_policy_escalates_a_doubtful_one_and_pays_for_both() -> None:
    served, clock = over_the_log(draft(0.05))
    got = await ask(served, asked(PARIS))
    assert (got.path, got.text) == ("escalated", "Paris")
    assert clock() == 5_000_000_000
    assert got.timing.ttft_s == pytest.approx(2.0 + 2.0)  # the draft's whole, then the large one's


async def test_a_draft_that_is_broken_off_is_paid_for_up_to_there() -> None:
    served, clock = over_the_log(draft(0.05), mode="probe", probe_tokens=2)
    got = await ask(served, asked(PARIS))
    assert got.path == "escalated"
    broken = next(step for step in got.steps if step.role == "draft")
    assert broken.timing is not None
    assert broken.timing.answer_s == pytest.approx(1.0)  # tokens at 0.5, 1, 1.5 and 2 seconds
    assert clock() == 4_000_000_000
