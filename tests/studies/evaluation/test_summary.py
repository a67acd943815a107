"""An evaluation made from the store: scores, grades, budgets, judges, and what was rescored."""

import asyncio

import msgspec
import pytest

from sprat.engines.base import Load
from sprat.errors import EngineDied, RunError
from sprat.questions import load
from sprat.questions.rubric import read_rubric
from sprat.runs.store import Store
from sprat.runs.study import StudyModel
from sprat.studies.asked import one_of
from sprat.studies.evaluation.held import Held, hold_against
from sprat.studies.evaluation.judged import have_judged
from sprat.studies.evaluation.plan import EvaluatePlan, Judging, Wording
from sprat.studies.evaluation.rescoring import corrected, rescore
from sprat.studies.evaluation.study import Opened, evaluate
from sprat.studies.evaluation.summary import summarise, summarise_all
from sprat.studies.judging.plan import JudgePlan
from sprat.types import Message, Question, Reply, Timing, Usage

RUBRIC = read_rubric()
NAMED = {"version": RUBRIC.version, "sha256": RUBRIC.sha256}


def a_question(number, expected="yes", kind="k"):
    said = Message(role="user", content=f"Question {number}: yes or no?")
    return Question(
        id=f"q{number:02d}", kind=kind, messages=(said,), scorer="exact", expected=expected,
        max_tokens=9,
    )  # fmt: skip


QUESTIONS = tuple(a_question(number, kind="odd" if number % 2 else "even") for number in range(20))


class Says:
    """Answers what it is told by the number in the question."""

    pids = ()

    def __init__(self, answers, name="m"):
        self.name = name
        self.answers = answers

    async def stream(self, request):
        await asyncio.sleep(0)
        found = self.answers(request)
        if isinstance(found, Exception):
            raise found
        text, more = found if isinstance(found, tuple) else (found, {})
        usage = Usage(10, 4, reasoning_tokens=more.pop("thought", None))
        timing = Timing(scheduled_ns=0, sent_ns=0, done_ns=1_000_000_000)
        yield Reply(text=text, usage=usage, timing=timing, **{"finish": "stop", **more})

    async def warm(self):
        return Load(load_s=1.0)

    async def aclose(self):
        pass


def number_of(request):
    return int(request.messages[-1].content.split(":")[0].split()[-1])


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def record(store, answers, **changes):
    plan = EvaluatePlan(model="m", questions_name="own", questions=QUESTIONS, rubric=NAMED)
    plan = msgspec.structs.replace(plan, **changes)
    opened = Opened(Says(answers), identity={"script_sha256": "a"})
    return asyncio.run(evaluate(plan, opened, store))


def test_the_score_has_its_interval_and_its_kinds(store):
    study = record(store, lambda request: "yes" if number_of(request) % 2 else "no")
    (model,) = summarise(store, study).models
    assert model.summary.score == 0.5
    assert [(one.name, one.score.value, one.right, one.asked) for one in model.kinds] == [
        ("even", 0.0, 0, 10), ("odd", 1.0, 10, 10),
    ]  # fmt: skip
    assert [one.dimension for one in model.grades] == ["coherence", "factuality", "conciseness"]
    assert all(1 <= one.grade.value <= 5 for one in model.grades if one.grade.value)


def test_failures_stay_in_every_denominator(store):
    study = record(store, lambda request: EngineDied("x.") if number_of(request) == 3 else "yes")
    (model,) = summarise(store, study).models
    assert model.summary.score == 0.95
    assert model.summary.errors == 1
    assert "1 failed, counted as wrong." in model.warnings
    coherence = next(one for one in model.grades if one.dimension == "coherence")
    assert coherence.grade.n + coherence.unscored == 20


def test_what_was_cut_off_and_what_was_cut_while_thinking_are_told_apart(store):
    def answers(request):
        number = number_of(request)
        if number < 4:
            return "", {"finish": "length", "reasoning": "Hm, " * 50, "thought": 100}
        if number < 6:
            return "ye", {"finish": "length", "thought": 0}
        return "yes", {"reasoning": "Easy.", "thought": 3}

    study = record(store, answers, wording=Wording(max_tokens=128))
    (model,) = summarise(store, study).models
    budget = model.budget
    assert (budget.limit, budget.cut_off, budget.cut_thinking) == (128, 6, 4)
    assert (budget.thought, budget.reasoning_tokens_p50) == (18, 3)
    assert budget.reasoning_chars_p95 == 200
    assert any("4 of them before they began to answer" in line for line in model.warnings)


def test_an_engine_that_tells_no_thinking_tokens_has_none_not_zero(store):
    (model,) = summarise(store, record(store, lambda _: "yes")).models
    assert model.budget.reasoning_tokens_p50 is None
    assert model.budget.reasoning_chars_p50 is None


def judged(store, study, judge, against=None, script="b"):
    who = StudyModel(role="judge", name="stern", identity={"script_sha256": script})
    plan = JudgePlan(rubric=RUBRIC, command="sprat evaluate")
    asyncio.run(have_judged(store, study, who, judge, plan, against, lambda *_: None))


def test_a_judge_grades_after_the_rule_and_is_not_shown_first_unmeasured(store):
    study = record(store, lambda _: "yes", judging=Judging(model="stern"))
    judged(store, study, Says(lambda _: "4", "stern"))
    (model,) = summarise(store, study).models
    by_judge = [one for one in model.grades if one.by == "stern"]
    assert [one.grade.value for one in by_judge] == [4.0, 4.0, 4.0]
    assert model.judge.headlines == ()
    assert model.judge.measured is None
    assert "never measured" in model.judge.why
    (answer, *_) = summarise(store, study).answers
    assert answer.judged == dict.fromkeys(answer.grades, 4.0)


def test_a_failure_is_graded_lowest_for_the_judge_too(store):
    study = record(store, lambda request: EngineDied("x.") if number_of(request) == 3 else "yes")
    judged(store, study, Says(lambda _: "5", "stern"))
    (model,) = summarise(store, study).models
    by_judge = next(one for one in model.grades if one.by == "stern")
    assert by_judge.grade.value == pytest.approx((19 * 5 + 1) / 20)
    assert (by_judge.both, by_judge.flipped) == (19, 0)  # nobody was asked about the failure


def test_what_a_judge_was_not_asked_about_yet_is_told_not_dropped(store):
    study = record(store, lambda _: "yes", judging=Judging(model="stern"))
    with pytest.raises(RunError):
        judged(store, study, Says(lambda _: EngineDied("x."), "stern"))
    (model,) = summarise(store, study).models
    told = "coherence: stern was not asked about 20 answers yet"
    assert any(told in line for line in model.warnings)


def test_what_the_rule_cannot_tell_is_told_not_dropped(store):
    free = tuple(msgspec.structs.replace(one, scorer="none") for one in QUESTIONS[:7])
    study = record(store, lambda _: "yes", questions=(*free, *QUESTIONS[7:]))
    (model,) = summarise(store, study).models
    assert any("factuality: the rule cannot tell of 7" in line for line in model.warnings)


def test_pairs_against_another_run_give_a_win_rate(store):
    before = record(store, lambda _: "no")
    judging = Judging(model="stern", against=f"{before}:model")
    study = record(store, lambda _: "yes", judging=judging)

    judged(store, study, Says(lambda _: "A", "stern"), against=f"{before}:model")
    (model,) = summarise(store, study).models
    assert model.judge.wins.n == 20
    assert model.judge.flipped == 20  # it always says A: the order decides, so all are ties
    assert model.judge.wins.ties == 20


def test_a_baseline_is_held_against_every_model(store):
    before = record(store, lambda _: "yes")
    now = record(store, lambda request: "no" if number_of(request) < 8 else "yes")
    other = record(store, lambda _: "yes")
    for study in (now, other):
        hold_against(store, study, Held(one_of(store, before), 0.01))
    worse, same = summarise_all(store, [now, other]).models
    assert (worse.change.decision, worse.change.lost) == ("regression", 8)
    assert (same.change.decision, same.change.lost) == ("no evidence", 0)


def test_a_baseline_that_is_gone_is_no_baseline(store):
    before = record(store, lambda _: "yes")
    now = record(store, lambda _: "no")
    elsewhere = one_of(store, before)
    elsewhere = msgspec.structs.replace(
        elsewhere, study=msgspec.structs.replace(elsewhere.study, id="of-another-store")
    )
    hold_against(store, now, Held(elsewhere, 0.01))
    assert summarise(store, now).models[0].change is None


def test_answers_are_scored_anew_without_asking(store):
    study = record(store, lambda request: "yes" if number_of(request) else "no")
    fixed = (a_question(0, expected="no", kind="even"), *QUESTIONS[1:5])
    questions, given = corrected(QUESTIONS, fixed)
    assert given == 5
    plan = EvaluatePlan(
        model="m", questions_name="own", questions=questions, rubric=NAMED,
        rescored_from=f"{study}:model",
    )  # fmt: skip
    again = rescore(store, one_of(store, study), plan)
    (model,) = summarise(store, again).models
    assert model.rescored.corrected == ("q00",)
    assert [(one.question, one.before, one.now) for one in model.rescored.changed] == [
        ("q00", 0.0, 1.0)
    ]
    assert (model.rescored.score_before, model.rescored.score_now) == (0.95, 1.0)
    assert model.summary.score == 1.0
    assert store.study(again).status == "done"


def test_a_comparisons_side_can_be_scored_anew_too(store):
    from sprat.studies.compare import compare
    from sprat.studies.plan import ComparePlan

    plan = ComparePlan(small="s", large="l", questions_name="own", questions=QUESTIONS)
    both = {"small": Says(lambda _: "no", "s"), "large": Says(lambda _: "yes", "l")}
    study = asyncio.run(compare(plan, both, store))
    wanted = EvaluatePlan(
        model="l", questions_name="own", questions=QUESTIONS, rescored_from=f"{study}:large"
    )
    again = rescore(store, one_of(store, f"{study}:large"), wanted)
    assert summarise(store, again).models[0].summary.score == 1.0


def test_a_question_in_other_words_is_not_scored_anew():
    other = msgspec.structs.replace(
        QUESTIONS[0], messages=(Message(role="user", content="Something else?"),)
    )
    with pytest.raises(RunError, match="asks something else"):
        corrected(QUESTIONS, [other])
    with pytest.raises(RunError, match="None of these"):
        corrected(QUESTIONS, load("everyday", limit=6).questions)
