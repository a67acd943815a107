"""One model asked every question: kept at once, resumable, scored by the rule too."""

import asyncio

import msgspec
import pytest
from tests.studies.test_compare import Recorder

from sprat.errors import EngineDied, RunError
from sprat.questions import load
from sprat.runs.store import Store
from sprat.studies.asked import one_of
from sprat.studies.evaluation.plan import EvaluatePlan, Wording, plan_of, request_for
from sprat.studies.evaluation.study import Opened, batch_of, evaluate, unasked, unfinished
from sprat.studies.resume import MAX_STREAK

QUESTIONS = load("everyday", limit=12).questions


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def plan(**changes):
    whole = EvaluatePlan(model="m", questions_name="everyday", questions=QUESTIONS, seed=5)
    return msgspec.structs.replace(whole, **changes)


def ask(plan, engine, store, **how):
    return asyncio.run(evaluate(plan, Opened(engine), store, **how))


def test_every_question_is_asked_once_and_the_study_is_done(store):
    engine = Recorder("m")
    study = ask(plan(), engine, store)
    assert len(engine.asked) == 12
    assert store.study(study).status == "done"
    assert one_of(store, study).model.role == "model"


def test_the_own_scorer_comes_first_and_the_rule_after_it(store):
    study = ask(plan(), Recorder("m"), store)
    questions = {question.id: question for question in QUESTIONS}
    for run in store.runs(study):
        first, *rest = run.verdicts
        assert first.scorer == questions[run.question].scorer
        assert [v.scorer for v in rest] == [
            "rule/coherence", "rule/factuality", "rule/conciseness",
        ]  # fmt: skip


def test_a_stopped_study_goes_on_with_what_it_has_not_asked(store):
    stopped = Recorder("m", at={5: asyncio.CancelledError()})
    with pytest.raises(asyncio.CancelledError):
        ask(plan(), stopped, store)
    study = unfinished(store)
    assert unasked(store, study) == 8
    again = Recorder("m")
    assert ask(plan(), again, store, resume=study) == study
    assert len(again.asked) == 8
    assert unfinished(store) is None
    assert len(store.study(study).models[0].sessions) == 2


def test_only_the_same_plan_goes_on(store):
    with pytest.raises(asyncio.CancelledError):
        ask(plan(), Recorder("m", at={2: asyncio.CancelledError()}), store)
    study = unfinished(store)
    with pytest.raises(RunError, match="temperature"):
        ask(plan(wording=Wording(temperature=0.5)), Recorder("m"), store, resume=study)


def test_a_model_that_is_gone_stops_the_study_and_its_outage_is_asked_again(store):
    died = {number: EngineDied("gone.") for number in range(4, 4 + MAX_STREAK)}
    with pytest.raises(RunError, match="sprat evaluate --resume"):
        ask(plan(), Recorder("m", at=died), store)
    study = unfinished(store)
    again = Recorder("m")
    ask(plan(), again, store, resume=study)
    assert len(again.asked) == 9
    assert not [run for run in store.runs(study) if run.error]


def test_a_single_error_is_a_result_and_graded_like_an_empty_answer(store):
    study = ask(plan(), Recorder("m", at={3: EngineDied("gone.")}), store)
    failed = next(run for run in store.runs(study) if run.error)
    assert [verdict.value for verdict in failed.verdicts] == [0.0, 0.0, 0.0, 0.0]


def test_what_is_laid_over_the_questions_is_sent_and_recorded_but_is_not_the_question(store):
    wording = Wording(system="Answer in rhyme.", max_tokens=7, temperature=0.7)
    engine = Recorder("m")
    study = ask(plan(wording=wording), engine, store)
    request = engine.asked[0]
    assert request.messages[0].role == "system"
    assert request.messages[0].content.startswith("Answer in rhyme.")
    assert (request.max_tokens, request.temperature) == (7, 0.7)
    assert store.study(study).settings["system"] == "Answer in rhyme."
    assert {q.id: q for q in store.study(study).questions} == {q.id: q for q in QUESTIONS}
    assert plan_of(store.study(study)) == plan(wording=wording)


def test_drawn_answers_have_a_seed_for_each_question_and_greedy_ones_share_it():
    drawn = plan(wording=Wording(temperature=1.0))
    seeds = {request_for(question, drawn).seed for question in QUESTIONS}
    assert len(seeds) == 12
    other = plan(wording=Wording(temperature=1.0), seed=6)
    assert not seeds & {request_for(question, other).seed for question in QUESTIONS}
    assert {request_for(question, plan()).seed for question in QUESTIONS} == {5}


def test_models_of_one_command_know_each_other(store):
    first = ask(plan(batch="b", models=("m", "n")), Recorder("m"), store)
    second = ask(plan(model="n", batch="b", models=("m", "n")), Recorder("n"), store)
    ask(plan(model="n"), Recorder("n"), store)
    assert batch_of(store, first) == {"m": first, "n": second}
