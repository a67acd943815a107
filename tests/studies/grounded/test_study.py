"""An evaluation, from its questions to what a report shows."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.studies.grounded.engines import Grounded
from tests.studies.grounded.samples import question, reply

from sprat.engines.script import Rule, Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.studies.grounded.plan import GroundedPlan
from sprat.studies.grounded.question import Gold, as_question, from_question
from sprat.studies.grounded.study import Opened, evaluate, priced
from sprat.studies.grounded.summary import summarise
from sprat.types import Step, Usage

QUESTIONS = [
    question("leave", question="How much leave?", gold=[Gold(file="leave.md")]),
    question(
        "sick", question="When do sick notes go in?", answers=["on the third day"],
        gold=[Gold(text="Sick notes go to the office")],
    ),
    question("canteen", question="When is the canteen open?", answers=["at one"]),
    question("parking", question="Where can I park?", unanswerable=True),
    question("pets", question="May cats go on sick leave?", unanswerable=True, reviewed=False),
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def plan(**changes) -> GroundedPlan:
    asked = tuple(as_question(one, 64) for one in QUESTIONS)
    fields = {"name": "tiny", "questions_name": "own.jsonl", "questions": asked, "seed": 3}
    return GroundedPlan(**{**fields, **changes})


def value(found, name: str):
    return next(one.figure.value for one in found.measures if one.name == name)


async def test_every_question_is_asked_and_measured(store):
    engine = Grounded()
    found = summarise(store, await evaluate(plan(), Opened(engine), store))
    assert engine.closed
    assert sorted(engine.asked) == sorted(one.question for one in QUESTIONS)
    assert found.complete
    assert (found.asked, found.answerable, found.unanswerable, found.failed) == (5, 3, 2, 0)
    assert found.right.value == pytest.approx(3 / 5)  # leave, sick, parking
    assert value(found, "contains") == pytest.approx(3 / 5)
    assert value(found, "answerable_contains") == pytest.approx(2 / 3)
    assert value(found, "abstention_precision") == 1
    assert value(found, "abstention_recall") == 0.5
    assert value(found, "mrr") == value(found, "context_recall") == 1
    assert value(found, "context_precision") == pytest.approx(1 / 3)
    assert value(found, "faithfulness") == 1
    assert found.risk.coverage.value == pytest.approx(4 / 5)
    assert found.risk.risk.value == 0.5
    assert found.spent.input_tokens == 250
    assert {path.path: path.n for path in found.paths} == {"accepted": 4, "direct": 1}
    assert any("reviewed by nobody" in note for note in found.warnings)


async def test_a_failed_question_is_wrong_counted_and_named_and_nothing_is_not_a_number(store):
    found = summarise(store, await evaluate(plan(), Opened(Grounded(fail_on=["leave"])), store))
    assert found.failed == 2
    assert found.asked == 5
    assert found.right.value == pytest.approx(2 / 5)
    assert value(found, "context_recall") == 0.5
    assert value(found, "abstention_recall") == 0.5
    assert sum(answer.error == "The worker died." for answer in found.answers) == 2
    assert any("2 of 5 failed, counted as wrong" in note for note in found.warnings)
    for one in found.measures:
        assert one.figure.value == one.figure.value  # not-a-number differs from itself


async def test_questions_come_back_from_the_store_as_they_went_in(store):
    study = await evaluate(plan(), Opened(Grounded()), store)
    assert [from_question(one) for one in store.study(study).questions] == QUESTIONS


async def test_a_stopped_evaluation_goes_on_where_it_was(store):
    class Stopped(Grounded):
        async def stream(self, request):
            if len(self.asked) == 2:
                raise asyncio.CancelledError
            async for piece in super().stream(request):
                yield piece

    with pytest.raises(asyncio.CancelledError):
        await evaluate(plan(), Opened(Stopped()), store)
    (line,) = store.studies()
    assert (line.status, line.answers) == ("stopped", 2)
    halfway = summarise(store, line.id)
    assert not halfway.complete
    assert "Not finished" in halfway.warnings[0]
    fresh = Grounded()
    assert await evaluate(plan(), Opened(fresh), store, resume=line.id) == line.id
    assert len(fresh.asked) == 3
    whole = await evaluate(plan(), Opened(Grounded()), store)
    first, second = summarise(store, line.id), summarise(store, whole)
    assert first.measures == second.measures
    assert len(store.study(line.id).models[0].sessions) == 2


async def test_another_plan_is_not_resumed(store):
    study = await evaluate(plan(options={"small": "tiny"}), Opened(Grounded()), store)
    with pytest.raises(RunError, match="its small is tiny, not huge"):
        await evaluate(plan(options={"small": "huge"}), Opened(Grounded()), store, resume=study)
    shorter = plan(questions=plan().questions[:2], options={"small": "tiny"})
    with pytest.raises(RunError, match="its question fingerprint is"):
        await evaluate(shorter, Opened(Grounded()), store, resume=study)


async def test_five_failures_in_a_row_stop_it_and_are_asked_again(store):
    dead = Grounded(fail_on=[" "])
    with pytest.raises(RunError, match="5 times in a row"):
        await evaluate(plan(), Opened(dead), store)
    (line,) = store.studies()
    assert summarise(store, line.id).failed == 5
    await evaluate(plan(), Opened(Grounded()), store, resume=line.id)
    assert summarise(store, line.id).failed == 0


def judge_of(*rules: tuple[str, str]) -> ScriptedEngine:
    written = tuple(Rule(regex=when, text=say) for when, say in rules)
    return ScriptedEngine("judge", Script(rule=written))


async def judged(store, engine: ScriptedEngine):
    async def opened():
        return engine

    study = await evaluate(plan(judge="judge"), Opened(Grounded(), judge=opened), store)
    return summarise(store, study)


async def test_a_judge_is_asked_in_both_orders_and_held_against_gold(store):
    honest = judge_of(
        (r"(?s)at one.*A\) Yes", "B"), (r"(?s)at one.*A\) No", "A"),
        (r"A\) Yes", "A"), (r"A\) No", "B"),
    )  # fmt: skip
    found = await judged(store, honest)
    supported, same = found.judged
    assert (supported.aspect, supported.yes.n, supported.yes.value) == ("supported", 4, 1)
    assert (same.aspect, same.yes.n) == ("same", 3)
    assert same.yes.value == pytest.approx(2 / 3)
    assert same.kappa.value == 1
    assert same.consistent.value == 1
    assert not any("judge was not asked" in note for note in found.warnings)


async def test_a_judge_that_always_takes_the_first_choice_is_undecided_about_everything(store):
    found = await judged(store, judge_of(("", "A")))
    for one in found.judged:
        assert one.yes.value is None
        assert one.consistent.value == 0
        assert one.kappa.value is None
    assert [one.undecided for one in found.judged] == [4, 3]


async def test_an_answer_that_tells_the_judge_what_to_say_wins_nothing(store):
    parrot = judge_of(("Reply A!", "A"), ("", "B"))
    found = await judged(store, parrot)
    assert all(one.yes.value is None for one in found.judged)


async def test_the_judgement_of_a_stopped_study_is_made_up_for(store):
    study = await evaluate(plan(judge="judge"), Opened(Grounded()), store)
    assert any("judge was not asked" in note for note in summarise(store, study).warnings)

    async def opened():
        return judge_of((r"A\) Yes", "A"), ("", "B"))

    again = Grounded()
    await evaluate(plan(judge="judge"), Opened(again, judge=opened), store, resume=study)
    assert again.asked == []
    assert len(summarise(store, study).judged) == 2


class Told:
    """Prices by the name of the engine."""

    def __init__(self, **usd):
        self.usd = usd

    def of(self, model, usage, timing, joules=None):
        return self.usd.get(model)


@pytest.mark.parametrize(
    ("prices", "cost"), [(Told(tiny=0.1, huge=0.4), 0.5), (Told(tiny=0.1), None)]
)
def test_an_answer_costs_all_its_attempts_or_is_not_priced(prices, cost):
    steps = tuple(
        Step(role="answer", engine=name, usage=usage)
        for name, usage in (("store", None), ("tiny", Usage(1, 1)), ("huge", Usage(1, 1)))
    )
    found = priced(msgspec.structs.replace(reply("25 days"), steps=steps), prices)
    assert found.cost_usd == pytest.approx(cost)
    assert priced(msgspec.structs.replace(found, cost_usd=0.0), prices).cost_usd == 0
