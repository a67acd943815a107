"""A judge's grades of a study's answers, kept one by one."""

from pathlib import Path

import pytest
from tests.studies.judging.engines import Judge, reply
from tests.studies.judging.samples import answers, grade_in, question, rubric

from sprat.errors import EngineRefused, RunError
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, StudyModel
from sprat.studies.judging.grades import grades_of, judge_study
from sprat.studies.judging.opinions import Manner, manner_of
from sprat.studies.judging.plan import JudgePlan
from sprat.types import ChatRequest, Run

PLAN = JudgePlan(rubric=rubric(), command="sprat evaluate")
TEXTS = {"q0": "coherence=2 factuality=5", "q1": "coherence=4 factuality=1"}


def quiet(*_):
    pass


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        opened.add_study(study("s1"))
        for place, (name, text) in enumerate(TEXTS.items()):
            opened.add_run(answer(name, text, place))
        opened.add_run(answer("q2", None, 2))
        yield opened


def study(name: str, roles=("model",)) -> Study:
    return Study(
        id=name, kind="evaluate", created="2026-11-26T08:00:00+00:00", questions_name="own",
        questions_sha256="ab" * 32, questions=tuple(question(f"q{k}") for k in range(3)),
        models=tuple(StudyModel(role=role, name=role) for role in roles),
    )  # fmt: skip


def answer(name: str, text: str | None, place: int) -> Run:
    return Run(
        study="s1", question=name, kind="open", model="tiny", role="model",
        request=ChatRequest(messages=question(name).messages), position=place,
        reply=None if text is None else reply(text), error="It died." if text is None else None,
    )  # fmt: skip


def honest(dimension: str, text: str, flipped: bool) -> float:
    return grade_in(dimension, text)


def generous(dimension: str, text: str, flipped: bool) -> float:
    return min(5, grade_in(dimension, text) + flipped)


async def test_every_answer_that_came_is_graded_in_every_dimension(store):
    judge = Judge(honest)
    await judge_study(store, "s1", judge, PLAN, quiet)
    found = grades_of(store.runs("s1"))
    assert {q: {d: grade.value for d, grade in by.items()} for q, by in found.items()} == {
        "q0": {"coherence": 2, "factuality": 5},
        "q1": {"coherence": 4, "factuality": 1},
    }
    assert found["q0"]["coherence"].by == "judge"
    assert len(judge.asked) == 2 * 2 * 2  # answers, dimensions, orders; the failed one is not asked


async def test_a_grade_is_the_mean_of_both_orders_and_says_so(store):
    await judge_study(store, "s1", Judge(generous), PLAN, quiet)
    grade = grades_of(store.runs("s1"))["q0"]["coherence"]
    assert grade.value == 2.5
    assert "2.00 with the grades from 1 to 5, 3.00 from 5 to 1" in grade.why


async def test_a_judge_without_probabilities_is_asked_in_words(store):
    judge = Judge(honest, logprobs=False, regex=False)
    assert await manner_of(judge, "[1-5]", 20) == Manner(forced=False, logprobs=False)
    await judge_study(store, "s1", judge, PLAN, quiet)
    assert grades_of(store.runs("s1"))["q1"]["coherence"].value == 4
    (run, *_) = [run for run in store.runs("s1") if run.role == JUDGE]
    assert run.request.logprobs is None
    assert run.request.response_format is None


async def test_what_a_judge_can_do_is_found_out_before():
    assert await manner_of(Judge(), "[1-5]", 20) == Manner()
    assert await manner_of(Judge(regex=False), "[1-5]", 20) == Manner(forced=False)
    assert await manner_of(Judge(logprobs=False), "[1-5]", 20) == Manner(logprobs=False)


async def test_a_server_that_refuses_probabilities_is_asked_without():
    class Refusing(Judge):
        async def stream(self, request):
            if request.logprobs is not None:
                raise EngineRefused("logprobs is not supported", status=400)
            async for piece in super().stream(request):
                yield piece

    assert await manner_of(Refusing(), "[1-5]", 20) == Manner(logprobs=False)


async def test_a_reply_without_a_grade_leaves_the_answer_unscored(store):
    class Mute(Judge):
        def _opinion(self, prompt, request):
            return reply("I would rather not.")

    await judge_study(store, "s1", Mute(), PLAN, quiet)
    grade = grades_of(store.runs("s1"))["q0"]["coherence"]
    assert grade.value is None
    assert grade.why == "no grade came in one of both orders"


async def test_a_stopped_judge_goes_on_where_it_was(store):
    with pytest.raises(RunError, match="sprat evaluate --resume s1"):
        await judge_study(store, "s1", Judge(honest, fail_after=3), PLAN, quiet)
    assert sum(run.role == JUDGE and run.error is None for run in store.runs("s1")) == 3
    fresh, done = Judge(honest), []
    await judge_study(store, "s1", fresh, PLAN, lambda *told: done.append(told))
    assert len(fresh.asked) == 5
    assert done[-1] == (8, 8, None)
    assert len(grades_of(store.runs("s1"))) == 2
    again = Judge(honest)
    await judge_study(store, "s1", again, PLAN, quiet)
    assert again.asked == []


async def test_an_answer_that_was_graded_in_one_order_only_has_no_grade_yet(store):
    await judge_study(store, "s1", Judge(honest), PLAN, quiet)
    half = [run for run in store.runs("s1") if run.role == JUDGE and run.repeat % 2 == 0]
    assert grades_of(half) == {}


async def test_of_several_models_nobody_would_know_whom_it_judged(store):
    store.add_study(study("s2", roles=("small", "large")))
    with pytest.raises(RunError, match="2 answering sides"):
        await judge_study(store, "s2", Judge(), PLAN, quiet)


def test_the_samples_say_their_own_grades():
    one = answers(3)[0]
    assert grade_in("coherence", one.text) == one.grades["coherence"]
