"""Two runs beside each other: what changed, by how much, and what may be behind it."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.studies.evaluation.made import a_question, a_side, an_answer
from tests.studies.history.recorded import HERE, NAMES, day, keep, scored

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, StudyModel
from sprat.studies.history.compare import compare_runs
from sprat.studies.history.figures import block_interval
from sprat.types import Reply, Resources, Run, Timing, Usage, Verdict


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def test_a_loss_beyond_chance_is_a_regression_with_the_questions_that_were_lost(store: Store):
    a, b = day(store, 1, scored(0.9, 1)), day(store, 2, scored(0.4, 2))
    compared = compare_runs(store, a, b)
    assert compared.change.decision == "regression"
    assert compared.change.lost > compared.change.won
    assert compared.change.moved[0].now < compared.change.moved[0].before
    assert compare_runs(store, b, a).change.decision == "improvement"


def test_a_run_that_only_differs_by_chance_is_no_evidence(store: Store):
    a, b = day(store, 1, scored(0.6, 1)), day(store, 2, scored(0.6, 2))
    assert compare_runs(store, a, b).change.decision == "no evidence"


def test_seconds_and_tokens_are_differences_of_the_same_questions(store: Store):
    a, b = day(store, 1, scored(0.6, 1), seconds=1.0), day(store, 2, scored(0.6, 1), seconds=1.5)
    answer = next(one for one in compare_runs(store, a, b).figures if one.name == "answer")
    assert (answer.before, answer.now, answer.difference) == pytest.approx((1.0, 1.5, 0.5))
    assert answer.n == len(NAMES)
    assert answer.low == pytest.approx(0.5)
    assert answer.high == pytest.approx(0.5)


def test_what_was_never_measured_is_none_and_not_zero(store: Store):
    a, b = day(store, 1, scored(0.6, 1)), day(store, 2, scored(0.6, 1))
    energy = next(one for one in compare_runs(store, a, b).figures if one.name == "energy")
    assert (energy.n, energy.before, energy.difference, energy.low) == (0, None, None, None)


def test_the_interval_of_independent_values_is_about_the_usual_one():
    values = list(np.random.default_rng(4).normal(1.0, 1.0, 400))
    found = block_interval(values, 0)
    assert found
    usual = 1.96 * np.std(values) / 20
    assert found.low == pytest.approx(np.mean(values) - usual, abs=0.05)
    assert found.high == pytest.approx(np.mean(values) + usual, abs=0.05)


def test_neighbours_that_go_together_make_the_interval_wider():
    random_ = np.random.default_rng(4)
    together = list(np.repeat(random_.normal(0, 1, 60), 8))
    shuffled = list(random_.permutation(together))
    wide, narrow = block_interval(together, 0), block_interval(shuffled, 0)
    assert wide
    assert narrow
    assert wide.high - wide.low > 1.7 * (narrow.high - narrow.low)


def test_a_few_values_have_no_interval():
    assert block_interval([1.0, 2.0], 0) is None


def graded(scores: dict[str, float | None], value: float):
    side = a_side(scores, environment=HERE)
    verdict = Verdict(scorer="rule/coherence", value=value)
    runs = tuple(
        msgspec.structs.replace(run, verdicts=(*run.verdicts, verdict)) for run in side.runs
    )
    return msgspec.structs.replace(side, runs=runs)


def test_grades_by_rule_are_compared_as_one_to_five(store: Store):
    a = keep(store, graded(scored(0.6, 1), 0.5), 1)
    b = keep(store, graded(scored(0.6, 1), 0.75), 2)
    (grade,) = compare_runs(store, a, b).grades
    assert (grade.dimension, grade.by, grade.n) == ("coherence", "rule", len(NAMES))
    assert (grade.before, grade.now, grade.difference) == pytest.approx((3, 4, 1))


def judged(store: Store, study: str, judge: str, value: float) -> None:
    store.put_model(study, StudyModel(role=JUDGE, name=judge))
    timing = Timing(scheduled_ns=0, sent_ns=0, done_ns=1)
    reply = Reply(text="4", finish="stop", usage=Usage(1, 1), timing=timing)
    for place, name in enumerate(NAMES):
        for repeat in (0, 1):
            answer = an_answer(a_question(name), None, study=study)
            store.add_run(
                Run(
                    study=study, question=name, kind="coherence", model=judge, role=JUDGE,
                    request=answer.request, reply=reply, repeat=repeat, position=100 + place,
                    verdicts=(Verdict(scorer="judge/coherence", value=value),),
                )
            )  # fmt: skip


def test_grades_of_the_same_judge_are_compared_and_of_another_one_never(store: Store):
    names = [day(store, at, scored(0.6, 1)) for at in (1, 2, 3)]
    for name, judge, value in zip(names, ("stern", "stern", "mild"), (0.5, 0.75, 1.0), strict=True):
        judged(store, name, judge, value)
    (grade,) = compare_runs(store, names[0], names[1]).grades
    assert (grade.by, grade.before, grade.now) == ("stern", 3, 4)
    assert compare_runs(store, names[1], names[2]).grades == ()


def test_joules_are_compared_where_both_runs_measured_them(store: Store):
    names = []
    for at, joules in ((1, 2.0), (2, 3.0)):
        side = a_side(scored(0.6, 1), environment=HERE)
        used = Resources(energy_joules=joules)
        runs = tuple(msgspec.structs.replace(run, resources=used) for run in side.runs)
        names.append(keep(store, msgspec.structs.replace(side, runs=runs), at))
    energy = compare_runs(store, *names).figures[-1]
    assert (energy.unit, energy.before, energy.now) == ("J", 2.0, 3.0)


def test_another_machine_and_an_odd_order_are_said(store: Store):
    a = day(store, 1, scored(0.6, 1))
    b = keep(store, a_side(scored(0.6, 1), environment={**HERE, "cpu": "other"}), 2)
    assert any("another machine" in line for line in compare_runs(store, a, b).warnings)
    assert any("later one" in line for line in compare_runs(store, b, a).warnings)
    assert any("itself" in line for line in compare_runs(store, a, a).warnings)


def test_an_unfinished_run_is_said(store: Store):
    side = a_side(scored(0.6, 1), environment=HERE)
    a = keep(store, msgspec.structs.replace(side, runs=side.runs[:30]), 1)
    b = day(store, 2, scored(0.6, 1))
    compared = compare_runs(store, a, b)
    assert any("not finished: 30 of 40" in line for line in compared.warnings)
    assert compared.change.n == 30


def test_a_benchmark_is_refused_with_what_to_type_instead(store: Store):
    side = a_side(scored(0.6, 1), environment=HERE)
    bench = msgspec.structs.replace(side, study=msgspec.structs.replace(side.study, kind="bench"))
    a, b = keep(store, bench, 1), day(store, 2, scored(0.6, 1))
    with pytest.raises(RunError, match=f"sprat runs report {a}"):
        compare_runs(store, a, b)


def test_a_judge_of_other_weights_is_another_judge_under_the_same_name(store: Store):
    a, b = (day(store, at, scored(0.6, 1)) for at in (1, 2))
    for name, weights in ((a, "aa"), (b, "bb")):
        judged(store, name, "stern", 0.5)
        store.put_model(name, StudyModel(role=JUDGE, name="stern", identity={"sha256": weights}))
    compared = compare_runs(store, a, b)
    assert compared.grades == ()
    assert "not the same judge" in " ".join(compared.warnings)


def test_grades_by_another_rubric_are_not_compared(store: Store):
    rubrics = [{"rubric": {"version": "1", "sha256": mark}} for mark in ("aa", "bb", "bb")]
    names = []
    for at, rubric in enumerate(rubrics, 1):
        side = graded(scored(0.6, 1), 0.5)
        study = msgspec.structs.replace(side.study, settings={"seed": 0, **rubric})
        names.append(keep(store, msgspec.structs.replace(side, study=study), at))
    other = compare_runs(store, names[0], names[1])
    assert other.grades == ()
    assert "another rubric" in " ".join(other.warnings)
    assert len(compare_runs(store, names[1], names[2]).grades) == 1


def test_repeats_do_not_make_an_unfinished_run_whole(store: Store):
    a = day(store, 1, scored(0.6, 1))
    side = a_side(scored(0.6, 1), environment=HERE)
    half = side.runs[:20]
    again = tuple(msgspec.structs.replace(run, repeat=1) for run in half)
    b = keep(store, msgspec.structs.replace(side, runs=(*half, *again)), 2)
    assert any("20 of 40 questions" in one for one in compare_runs(store, a, b).warnings)
