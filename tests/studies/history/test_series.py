"""Runs over time: what is one series, and what is called a change in it."""

from pathlib import Path

import msgspec
import pytest
from tests.studies.evaluation.made import a_question, a_side
from tests.studies.history.recorded import HERE, NAMES, day, keep, scored

from sprat.errors import RunError
from sprat.report.history.series_rows import latest_change, said_of
from sprat.runs.store import Store
from sprat.studies.asked import Asked
from sprat.studies.history import series as series_module
from sprat.studies.history.series import history_of
from sprat.studies.history.step import Step, step_between


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def test_a_series_is_one_name_on_one_set_of_questions_the_oldest_first(store: Store):
    first, second = day(store, 2, scored(0.6, 1)), day(store, 5, scored(0.6, 2))
    keep(store, a_side(scored(0.6, 3), environment=HERE), 3, sha256="f" * 64)
    series = history_of(store).series
    assert [len(one.points) for one in series] == [2, 1]
    assert [point.run for point in series[0].points] == [first, second]
    assert series[0].points[0].step is None


def test_a_planted_loss_is_flagged_and_what_only_wavers_is_not(store: Store):
    shares = (0.8, 0.8, 0.8, 0.3, 0.3)
    for at, share in enumerate(shares, 1):
        day(store, at, scored(share, at))
    (series,) = history_of(store).series
    said = [point.step.score if point.step else None for point in series.points]
    assert said == [None, "no evidence", "no evidence", "regression", "no evidence"]
    assert history_of(store).regressions == 1


def test_many_runs_make_a_small_p_value_no_news(store: Store):
    """Seven questions lost and one won is p = 0.04 alone, and nothing among nine such tests."""
    names = NAMES[:30]
    steady = dict.fromkeys(names, 1.0) | {names[-1]: 0.0}
    lost = {**dict.fromkeys(names[:7], 0.0), **dict.fromkeys(names[7:], 1.0)}
    day(store, 1, steady)
    day(store, 2, lost)
    (alone,) = history_of(store).series
    assert alone.points[1].step
    assert alone.points[1].step.score == "regression"
    for at in range(3, 11):
        day(store, at, lost if at % 2 else {**lost, names[9]: 0.0})
    (series,) = history_of(store).series
    step = series.points[1].step
    assert step
    assert step.p == alone.points[1].step.p
    assert step.p_adjusted == pytest.approx(9 * (step.p or 0))
    assert step.score == "no evidence"


def test_fifty_series_of_mere_re_runs_flag_next_to_nothing(tmp_path: Path):
    flagged = 0
    for seed in range(50):
        with Store(tmp_path / f"{seed}.db", create=True) as store:
            for at in range(1, 4):
                day(store, at, scored(0.6, 1000 * seed + at))
            flagged += history_of(store).regressions
    assert flagged <= 3


def test_seconds_are_compared_on_the_same_machine_with_the_same_settings(store: Store):
    day(store, 1, scored(0.6, 1), seconds=1.0)
    day(store, 2, scored(0.6, 1), seconds=1.4)
    keep(store, a_side(scored(0.6, 1), seconds=9, environment={**HERE, "cpu": "old"}), 3)
    keep(store, a_side(scored(0.6, 1), seconds=1, environment={**HERE, "cpu": "old"},
                       settings={"max_tokens": 9}), 4)  # fmt: skip
    (series,) = history_of(store).series
    steps = [point.step for point in series.points[1:]]
    assert [step.time for step in steps if step] == ["slower", "not comparable", "not comparable"]
    assert steps[0]
    assert steps[0].times == pytest.approx(1.4)
    assert "another machine" in (steps[1].why_not_time if steps[1] else "")
    assert (steps[2].why_not_time if steps[2] else "") == "other settings"


def test_a_little_slower_is_not_called_slower_however_sure(store: Store):
    day(store, 1, scored(0.6, 1), seconds=1.0)
    day(store, 2, scored(0.6, 1), seconds=1.05)
    step = history_of(store).series[0].points[1].step
    assert step
    assert step.time == "no evidence"
    assert (step.p_time_adjusted or 1) < 0.01


def test_other_weights_under_the_same_name_are_marked(store: Store):
    day(store, 1, scored(0.6, 1), identity={"sha256": "aa"})
    day(store, 2, scored(0.6, 1), identity={"sha256": "aa"})
    day(store, 3, scored(0.6, 1), identity={"sha256": "bb"})
    points = history_of(store).series[0].points
    assert [point.step.other_model for point in points if point.step] == [False, True]
    assert points[2].step
    assert points[2].step.differs == ("sha256: aa before, bb now",)


def test_too_few_questions_flag_nothing(store: Store):
    names = NAMES[:6]
    for at, value in ((1, 1.0), (2, 0.0)):
        day(store, at, dict.fromkeys(names, value))
    step = history_of(store).series[0].points[1].step
    assert step
    assert (step.score, step.p) == ("too few", None)


def test_one_model_or_one_set_can_be_asked_for(store: Store):
    day(store, 1, scored(0.6, 1))
    assert history_of(store, "tiny", "q").series
    assert history_of(store, questions="000000").series  # the beginning of its fingerprint
    with pytest.raises(RunError, match="model 'huge'"):
        history_of(store, "huge")
    with pytest.raises(RunError, match="questions 'none'"):
        history_of(store, questions="none")


def test_nothing_recorded_is_said_with_what_to_type(store: Store):
    with pytest.raises(RunError, match="sprat compare"):
        history_of(store)


def test_unscored_runs_are_there_without_a_score(store: Store):
    questions = [a_question(name, scorer="none") for name in NAMES]
    side = a_side(dict.fromkeys(NAMES), questions=questions, environment=HERE)
    keep(store, side, 1)
    point = history_of(store).series[0].points[0]
    assert (point.score, point.low, point.seconds) == (None, None, 1.0)


def test_no_more_studies_are_read_than_asked_for(store: Store):
    for at in range(1, 5):
        day(store, at, scored(0.6, at))
    history = history_of(store, most=3)
    assert (len(history.series[0].points), history.left_out) == (3, 1)


def test_no_more_answers_are_read_than_asked_for_but_one_study_always(store: Store):
    for at in range(1, 5):
        day(store, at, scored(0.6, at))
    history = history_of(store, most_answers=2 * len(NAMES))
    assert (len(history.series[0].points), history.left_out) == (2, 2)
    assert [point.run for point in history.series[0].points] == [
        "260103-070000-abcd", "260104-070000-abcd",
    ]  # fmt: skip
    assert history_of(store, most_answers=1).left_out == 3


def test_the_name_of_a_command_that_asked_several_models_is_no_other_setting(store: Store):
    for at, batch in ((1, "260101-1"), (2, "260102-9")):
        day(store, at, scored(0.6, 1), seconds=float(at), settings={"batch": batch})
    step = history_of(store).series[0].points[1].step
    assert step
    assert (step.time, step.why_not_time) == ("slower", "")


def test_texts_and_log_probabilities_are_not_held_for_a_series(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    seen: list[Asked] = []

    def noted(before: Asked, now: Asked) -> Step:
        seen.append(now)
        return step_between(before, now)

    monkeypatch.setattr(series_module, "step_between", noted)
    for at in (1, 2):
        day(store, at, scored(0.6, 1))
    history_of(store)
    (side,) = seen
    assert {run.reply and run.reply.text for run in side.runs} == {""}
    assert {run.request.messages for run in side.runs} == {()}


def test_a_run_that_is_not_finished_is_no_end_of_a_development(store: Store):
    day(store, 1, scored(0.6, 1))
    side = a_side(scored(0.6, 1), environment=HERE)
    keep(store, msgspec.structs.replace(side, runs=side.runs[:12]), 2)
    (series,) = history_of(store).series
    assert latest_change(series) == ""
    day(store, 3, scored(0.6, 1))
    assert "over 3 runs" in latest_change(history_of(store).series[0])


def test_answers_that_were_scored_anew_say_whose_they_are(store: Store):
    first = day(store, 1, scored(0.6, 1))
    day(store, 2, scored(0.6, 1), settings={"rescored_from": first})
    said = [one.words for one in said_of(history_of(store).series[0].points[1])]
    assert f"the answers of {first}, scored anew" in said


def test_a_set_that_nobody_answered_is_refused_with_those_that_there_are(store: Store):
    day(store, 1, scored(0.6, 1))
    with pytest.raises(RunError) as unknown:
        history_of(store, questions="no such")
    assert "Question sets with some: q." in (unknown.value.fix or "")
