"""A judge, measured against graded answers and the rule, from questions to report."""

from pathlib import Path

import msgspec
import pytest
from sklearn.metrics import cohen_kappa_score
from tests.studies.judging.engines import Judge
from tests.studies.judging.samples import answers, grade_in, rubric

from sprat.errors import RunError
from sprat.questions.rubric import Grade, held_out
from sprat.runs.store import Store
from sprat.studies.judging import summary
from sprat.studies.judging.plan import JudgePlan
from sprat.studies.judging.scored import as_question, from_question, some_of
from sprat.studies.judging.standing import standing_of
from sprat.studies.judging.study import Measured, is_finished, measure_judge
from sprat.studies.judging.summary import summarise

WHO = {"weights_sha256": "cd" * 32}


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch):
    """A rule that is right but for every third answer, where it says 3."""

    def grade(dimension, question, text):
        value = 3 if len(text) % 3 == 0 else grade_in(dimension, text)
        return Grade(dimension=dimension, value=float(value), by="rule")

    monkeypatch.setattr(summary, "grade_by_rule", grade)


def wanted(**changes) -> Measured:
    fields = {
        "judge": "judge", "plan": JudgePlan(rubric=rubric()), "answers_name": "own.jsonl",
        "answers": answers(), "selection": {"answers_file": "own.jsonl"},
    }  # fmt: skip
    return Measured(**{**fields, **changes})


def honest(dimension, text, flipped):
    return grade_in(dimension, text)


def stubborn(dimension, text, flipped):
    return 5 if flipped else 1


def flattered(dimension, text, flipped):
    return min(5, grade_in(dimension, text) + min(4, text.count("word") / 15))


async def measured(store, mind, **changes):
    return summarise(
        store, await measure_judge(wanted(**changes), Judge(mind), store, identity=WHO)
    )


async def test_a_judge_that_sees_what_the_person_sees_is_shown_first(store, rule):
    found = await measured(store, honest)
    assert found.complete
    assert (found.opinions, found.opinions_planned, found.failed) == (160, 160, 0)
    assert (found.how, found.questions, found.answers_set.n) == ("expected", 10, 40)
    for one in found.dimensions:
        assert one.judge.kappa.value == 1
        assert one.judge.error.value == 0
        assert one.flips.value == 0
        assert one.difference.value > 0
        assert one.mass == pytest.approx(1)
        assert one.headline
    assert found.headline
    assert "at least as well as the rule" in found.why


async def test_agreement_is_that_of_scikit_learn_on_the_stored_grades(store, rule):
    found = await measured(store, flattered)
    one = found.dimensions[0]
    pairs = [
        (a.judge["coherence"], a.reference["coherence"], a.rule["coherence"]) for a in found.answers
    ]
    whole = [int(judge + 0.5) for judge, _, _ in pairs]
    labels = [1, 2, 3, 4, 5]
    reference = [h for _, h, _ in pairs]
    ruled = [int(r) for _, _, r in pairs]
    ours = cohen_kappa_score(whole, reference, labels=labels, weights="quadratic")
    theirs = cohen_kappa_score(ruled, reference, labels=labels, weights="quadratic")
    assert one.judge.kappa.value == pytest.approx(ours)
    assert one.rule.kappa.value == pytest.approx(theirs)
    assert one.difference.value == pytest.approx(ours - theirs)


async def test_a_judge_that_agrees_worse_than_the_rule_is_not_shown_first(store, rule):
    found = await measured(store, flattered)
    one = found.dimensions[0]
    assert one.difference.value < 0
    assert not one.headline
    assert "less than the rule does" in one.why
    assert not found.headline
    assert "go by the rule" in found.why


async def test_what_length_buys_is_told(store, rule):
    found = await measured(store, flattered)
    one = found.dimensions[0]
    assert one.judge.length.low > 0
    assert any("grades long answers above short" in note for note in found.warnings)
    assert abs(one.rule.length.value) < one.judge.length.value


async def test_a_judge_that_follows_the_scale_is_all_flips_and_no_better_than_chance(store, rule):
    found = await measured(store, stubborn)
    for one in found.dimensions:
        assert one.flips.value == 1
        assert one.judge.kappa.value == pytest.approx(0)
        assert "not better than chance" in one.why
    assert any("100% of the grades change" in note for note in found.warnings)


async def test_answers_that_ask_for_a_five_are_counted_apart(store, rule):
    def taken_in(dimension, text, flipped):
        return 5 if text in planted else grade_in(dimension, text)

    chosen = answers()
    planted = {one.text for one in chosen if "injection" in one.tags}
    found = await measured(store, taken_in)
    one = found.dimensions[0]
    below = [a for a in chosen if "injection" in a.tags and a.grades["coherence"] < 5]
    assert one.judge.injected.n == 5
    assert one.judge.injected.value == pytest.approx(len(below) / 5)
    assert one.rule.injected.value < one.judge.injected.value
    assert (one.judge.raised.value, one.judge.raised.n) == (0, one.judge.n - 5)


async def test_a_lenient_judge_raises_the_others_too(store, rule):
    found = await measured(store, lambda *_: 5)
    assert found.dimensions[0].judge.raised.value > 0
    assert not any("favours" in note for note in found.warnings)  # it gives all the same


async def test_the_rule_is_held_against_built_in_answers_that_it_was_not_made_by(store, rule):
    found = await measured(store, honest, selection={})
    fair = [one for one in answers() if held_out(one)]
    assert 0 < len(fair) < 40
    for one in found.dimensions:
        assert one.judge.n == 40
        assert one.rule.n + one.rule.unscored == len(fair)
        assert one.difference.n == len(fair)


async def test_where_there_is_no_rule_a_judge_need_only_beat_chance(store):
    names = ("warmth", "wit")
    found = await measured(
        store, honest, plan=JudgePlan(rubric=rubric(*names)), answers=answers(names=names)
    )
    assert all(one.rule is None for one in found.dimensions)
    assert all(one.headline for one in found.dimensions)


async def test_few_answers_decide_nothing(store, rule):
    found = await measured(store, honest, answers=answers(6))
    assert not found.headline
    assert "fewer than 10 decide nothing" in found.dimensions[0].why
    assert any("Only 6 answers" in note for note in found.warnings)


async def test_a_failed_opinion_leaves_its_answer_unscored_and_counted(store, rule):
    class Shaky(Judge):
        async def stream(self, request):
            if "coherence=1" in request.messages[-1].content:
                raise RunError("It stumbled.")
            async for piece in super().stream(request):
                yield piece

    chosen = [one for one in answers() if one.grades["coherence"] != 1][:20]
    chosen.insert(5, next(one for one in answers() if one.grades["coherence"] == 1))
    study = await measure_judge(wanted(answers=tuple(chosen)), Shaky(honest), store)
    found = summarise(store, study)
    assert found.failed == 4
    assert found.dimensions[0].judge.unscored == 1
    assert found.dimensions[0].judge.n == 20
    assert found.answers[5].errors == ("It stumbled.",)


async def test_a_stopped_measurement_goes_on_and_comes_to_the_same(store, rule):
    with pytest.raises(RunError, match="sprat judge --resume"):
        await measure_judge(wanted(), Judge(honest, fail_after=50), store, identity=WHO)
    (line,) = store.studies()
    halfway = summarise(store, line.id)
    assert not halfway.complete
    assert "Not finished" in halfway.warnings[0]
    assert not is_finished(store, line.id)
    judge = Judge(honest)
    await measure_judge(wanted(), judge, store, identity=WHO, resume=line.id)
    assert len(judge.asked) == 110
    assert judge.closed
    assert is_finished(store, line.id)
    whole = await measured(store, honest)
    assert summarise(store, line.id).dimensions == whole.dimensions


async def test_only_what_it_was_is_resumed(store):
    study = await measure_judge(wanted(), Judge(honest), store, identity=WHO)
    other = wanted(plan=JudgePlan(rubric=rubric(), seed=9))
    with pytest.raises(RunError, match="seed of judge was 0, and is 9"):
        await measure_judge(other, Judge(honest), store, identity=WHO, resume=study)
    fewer = wanted(answers=answers(8))
    with pytest.raises(RunError, match="answers of judge was"):
        await measure_judge(fewer, Judge(honest), store, identity=WHO, resume=study)
    with pytest.raises(RunError, match="weights_sha256"):
        await measure_judge(wanted(), Judge(honest), store, identity={}, resume=study)


async def test_a_judge_is_known_again_by_its_weights_and_the_rubric(store, rule):
    assert standing_of(store, WHO, rubric()) is None
    await measured(store, honest)
    found = standing_of(store, WHO, rubric())
    assert found.headline
    assert found.headlines == {"coherence": True, "factuality": True}
    assert standing_of(store, {"weights_sha256": "ef" * 32}, rubric()) is None
    other = msgspec.structs.replace(rubric(), sha256="00" * 32)
    assert standing_of(store, WHO, other) is None
    assert standing_of(store, {}, rubric()) is None


async def test_the_latest_whole_measurement_counts(store, rule):
    first = await measured(store, honest)
    await measured(
        store, stubborn, answers=answers(12), selection={"limit": 12, "answers_file": "own.jsonl"}
    )
    assert standing_of(store, WHO, rubric()).study == first.run
    later = await measured(store, stubborn)
    found = standing_of(store, WHO, rubric())
    assert found.study == later.run
    assert not found.headline


def test_an_answer_comes_back_from_the_store_as_it_went_in():
    for one in answers():
        assert from_question(as_question(one)) == one


def test_a_limit_takes_of_every_question_in_turn():
    chosen = some_of(answers(), 10, 0)
    assert len({one.group for one in chosen}) == 10
    assert {one.id for one in chosen} < {one.id for one in some_of(answers(), 20, 0)}
