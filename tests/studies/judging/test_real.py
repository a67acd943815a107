"""A real model as a judge."""

from pathlib import Path

import pytest
from tests.studies.judging.samples import answers, rubric

from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.judging.opened import open_judge
from sprat.studies.judging.plan import JudgePlan
from sprat.studies.judging.study import Measured, measure_judge
from sprat.studies.judging.summary import summarise


@pytest.mark.real
async def test_a_local_model_grades_by_its_probabilities(real_settings: Settings, tmp_path: Path):
    opened = open_judge("smollm2-135m", real_settings)
    wanted = Measured(
        judge="smollm2-135m",
        plan=JudgePlan(rubric=rubric("coherence")),
        answers_name="own.jsonl",
        answers=answers(2, names=("coherence",)),
    )
    with Store(tmp_path / "runs.db", create=True) as store:
        study = await measure_judge(wanted, opened.engine, store, identity=opened.identity)
        found = summarise(store, study)
        runs = [run for run in store.runs(study) if run.reply]
    assert (found.opinions, found.failed, found.how, found.family) == (4, 0, "expected", "smollm")
    assert {run.reply.text for run in runs} <= set("12345")  # held to one digit
    (one,) = found.dimensions
    assert 0 < one.mass <= 1
    for answer in found.answers:
        grades = [answer.up["coherence"], answer.down["coherence"]]
        assert all(1 <= grade <= 5 for grade in grades)
        assert any(grade != round(grade) for grade in grades)
