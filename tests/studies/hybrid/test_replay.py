"""The policy itself over recorded answers, and what it is asked beside them."""

import pytest

from sprat.engines.base import ask
from sprat.engines.script import Rule, Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import EngineRefused, PolicyError
from sprat.policies.outcome import LoggedModel, LoggedSet, Outcome, OutcomeLog, Tokens
from sprat.policies.recorded import RecordedClock, RecordedEngine
from sprat.policies.spec import Decision, Policy, Rules, Side, Verify
from sprat.studies.hybrid.beside import Pair, Remembering
from sprat.studies.hybrid.forks import Sides, forks_of
from sprat.studies.hybrid.listening import ALWAYS, NEVER, at, heard
from sprat.studies.hybrid.recorded import of_log
from sprat.studies.hybrid.replay import replay, stage
from sprat.types import ChatRequest, Message, Usage

NAMES = ("tiny", "huge")


def outcome(n, model, *, right=True, answer_s=1.0, error=None, logprob=-100):
    text = f"{model} {n}"
    return Outcome(
        question=f"q{n}",
        kind="k",
        group=f"g{n}",
        scorer="exact",
        model=model,
        right=right,
        score=float(right),
        text=None if error else text,
        finish="stop",
        error=error,
        usage=None if error else Usage(5, 2),
        answer_s=answer_s,
        ttft_s=answer_s / 2,
        tokens=None if error else Tokens(chars=(4, len(text) - 4), logprobs=(logprob, logprob)),
    )


def log(*outcomes):
    return OutcomeLog(
        models=tuple(LoggedModel(name=name) for name in NAMES),
        sets=(LoggedSet(name="made"),),
        outcomes=outcomes,
    )


def policy(**changes):
    plain = {
        "name": "p",
        "kind": "cascade",
        "small": Side(model="tiny"),
        "large": Side(model="huge"),
        "rules": Rules(unknown=False),
    }
    return Policy(**{**plain, **changes})


async def replayed(policy, *outcomes):
    recorded = of_log(log(*outcomes))
    return await replay(policy, stage(recorded.log, NAMES, recorded.questions), recorded.questions)


async def test_an_escalated_answer_has_taken_both_models_time_and_its_first_token_waits_for_it():
    both = (outcome(1, "tiny", answer_s=1.0), outcome(1, "huge", answer_s=4.0))
    (accepted,) = await replayed(at(policy(), ALWAYS), *both)
    assert (accepted.path, accepted.text, accepted.seconds) == ("accepted", "tiny 1", 1.0)
    assert accepted.first_token_s == pytest.approx(1.0)  # nothing is shown before the decision
    assert not accepted.wasted
    (escalated,) = await replayed(at(policy(), NEVER), *both)
    assert (escalated.path, escalated.text, escalated.seconds) == ("escalated", "huge 1", 5.0)
    assert escalated.first_token_s == pytest.approx(1.0 + 2.0)
    assert escalated.wasted


async def test_a_recorded_error_of_the_small_model_goes_to_the_large_one_and_cost_its_time():
    (found,) = await replayed(
        at(policy(), ALWAYS),
        outcome(1, "tiny", answer_s=3.0, error="It broke.", right=False),
        outcome(1, "huge", answer_s=4.0),
    )
    assert (found.path, found.text) == ("escalated", "huge 1")
    assert found.seconds == pytest.approx(7.0)
    assert found.missing == ""


async def test_where_both_failed_the_answer_is_wrong_and_stays_in_the_denominator():
    recorded = of_log(
        log(
            outcome(1, "tiny", error="It broke.", right=False),
            outcome(1, "huge", error="So did it.", right=False),
        )
    )
    sides = Sides(recorded.log.of("tiny"), recorded.log.of("huge"))
    on = stage(recorded.log, NAMES, recorded.questions)
    (fork,) = await forks_of(policy(), on, sides, recorded.questions)
    assert (fork.accepted.score, fork.accepted.path) == (0.0, "failed")


async def test_one_error_does_not_make_the_policy_shy_of_the_next_question():
    broken = [outcome(n, "tiny", error="It broke.", right=False) for n in range(6)]
    whole = [outcome(n, "huge") for n in range(7)]
    found = await replayed(at(policy(), ALWAYS), *broken, outcome(6, "tiny"), *whole)
    assert [one.path for one in found].count("escalated") == 6
    assert {one.question: one.text for one in found}["q6"] == "tiny 6"


async def test_what_is_heard_is_what_the_served_policy_would_judge_by():
    recorded = of_log(log(outcome(1, "tiny", logprob=-250), outcome(1, "huge")))
    on = stage(recorded.log, NAMES, recorded.questions)
    (features,) = (await heard(policy(), on, recorded.questions)).values()
    assert features["mean"] == pytest.approx(-0.25)
    probe = policy(mode="probe", probe_tokens=1)
    (first,) = (await heard(probe, on, recorded.questions)).values()
    assert features["sum"] == pytest.approx(-0.5)
    assert first["sum"] == pytest.approx(-0.25)  # of one token alone


async def test_a_log_that_lacks_half_of_what_is_asked_is_refused():
    recorded = of_log(log(outcome(1, "tiny"), outcome(1, "huge")))
    sides = Sides(recorded.log.of("tiny"), recorded.log.of("huge"))
    on = stage(recorded.log, NAMES, recorded.questions)
    reading = policy(kind="verify", verify=Verify(how="accept"))
    with pytest.raises(PolicyError, match=r"read no such draft.*leave --from out"):
        await forks_of(reading, on, sides, recorded.questions)


async def test_an_unscored_question_has_no_fork():
    bare = outcome(2, "tiny")
    unscored = type(bare)(
        **{**{f: getattr(bare, f) for f in bare.__struct_fields__}, "right": None}
    )
    recorded = of_log(log(outcome(1, "tiny"), unscored, outcome(1, "huge"), outcome(2, "huge")))
    sides = Sides(recorded.log.of("tiny"), recorded.log.of("huge"))
    on = stage(recorded.log, NAMES, recorded.questions)
    forks = await forks_of(policy(), on, sides, recorded.questions)
    assert [fork.question for fork in forks] == ["q1"]


class Counting(ScriptedEngine):
    """A script that counts how often it is asked."""

    asked = 0

    def stream(self, request):
        self.asked += 1
        return super().stream(request)


async def test_what_is_not_in_the_record_is_asked_of_the_model_once():
    recorded = of_log(log(outcome(1, "tiny"), outcome(1, "huge")))
    live = Counting("tiny", Script(rule=(Rule(text="yes", logprobs=(-0.1,)),)))
    clock = RecordedClock()
    inner = RecordedEngine(recorded.log, "tiny", recorded.questions, clock)
    engine = Remembering(inner, live, clock, {})
    known = ChatRequest(messages=recorded.questions[0].messages)
    assert (await ask(engine, known)).text == "tiny 1"
    assert live.asked == 0
    other = ChatRequest(messages=(Message("user", "Is that right?"),))
    before_ns = clock()
    assert [(await ask(engine, other)).text for _ in range(3)] == ["yes"] * 3
    assert live.asked == 1
    assert clock() > before_ns


async def test_a_policy_with_checks_asks_them_of_the_live_models_and_pays_for_them():
    recorded = of_log(log(outcome(1, "tiny"), outcome(1, "huge")))
    live = Pair(*(Counting(n, Script(rule=(Rule(text="yes", logprobs=(-0.1,)),))) for n in NAMES))
    checked = policy(decision=Decision(self_check=True, sample=True))
    on = stage(recorded.log, NAMES, recorded.questions, live)
    features = await heard(checked, on, recorded.questions)
    assert {"self_check", "agreement"} <= set(features["q1"])
    assert (live.small.asked, live.large.asked) == (2, 0)


async def test_without_them_the_log_says_what_it_lacks():
    engine = RecordedEngine(log(outcome(1, "tiny"), outcome(1, "huge")), "tiny", ())
    with pytest.raises(EngineRefused, match="No answer of tiny"):
        await ask(engine, ChatRequest(messages=(Message("user", "?"),)))
