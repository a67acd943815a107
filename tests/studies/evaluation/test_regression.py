"""Two sides of the same questions: a loss is called one only where chance hardly makes it."""

import math

import pytest
from msgspec import structs
from tests.studies.evaluation.made import a_question, a_side, an_answer

from sprat.studies.evaluation.pace import pace_of
from sprat.studies.evaluation.regression import compare_sides

NAMES = [f"q{number:02d}" for number in range(30)]
ONE = a_side({}).study


def right(*lost: str) -> dict[str, float | None]:
    return {name: 0.0 if name in lost else 1.0 for name in NAMES}


def test_six_lost_and_none_won_are_a_regression() -> None:
    change = compare_sides(a_side(right()), a_side(right(*NAMES[:6]), study="two"))
    assert change.decision == "regression"
    assert change.method == "mcnemar"
    assert (change.lost, change.won, change.n) == (6, 0, 30)
    assert change.difference == -0.2
    assert [one.question for one in change.moved] == NAMES[:6]
    assert "6 lost, 0 won" in change.why


def test_five_lost_and_none_won_may_be_chance() -> None:
    change = compare_sides(a_side(right()), a_side(right(*NAMES[:5])))
    assert change.decision == "no evidence"
    assert change.p_worse == 1 / 64


def test_as_many_won_as_lost_is_no_evidence_however_many() -> None:
    before, now = right(*NAMES[:10]), right(*NAMES[10:20])
    assert compare_sides(a_side(before), a_side(now)).decision == "no evidence"


def test_what_was_lost_and_is_won_again_is_an_improvement() -> None:
    change = compare_sides(a_side(right(*NAMES[:8])), a_side(right()))
    assert change.decision == "improvement"
    assert change.won == 8


def test_a_loss_within_the_margin_is_none() -> None:
    before, now = a_side(right()), a_side(right(*NAMES[:6]))
    change = compare_sides(before, now, margin=0.15)
    assert (change.decision, change.method) == ("no evidence", "score test")
    assert compare_sides(before, a_side(right(*NAMES[:20])), margin=0.15).decision == "regression"


def test_fewer_than_ten_questions_decide_nothing() -> None:
    few = NAMES[:9]
    before, now = dict.fromkeys(few, 1.0), dict.fromkeys(few, 0.0)
    assert compare_sides(a_side(before), a_side(now)).decision == "too few"


def test_a_question_that_says_something_else_now_is_left_out_and_named() -> None:
    before = [a_question(name) for name in NAMES]
    now = [a_question(NAMES[0], "How few?"), *before[1:]]
    change = compare_sides(
        a_side(right(), questions=before), a_side(right(), questions=now, study="two")
    )
    assert change.changed_questions == (NAMES[0],)
    assert change.n == 29


def test_questions_of_one_side_alone_and_unscored_ones_are_counted() -> None:
    before = right() | {"old": 1.0}
    now = right() | {"new": 1.0, "newer": 1.0, NAMES[0]: None}
    change = compare_sides(a_side(before), a_side(now))
    assert (change.only_before, change.only_now, change.unscored, change.n) == (1, 2, 1, 29)


def test_nothing_in_common_says_so() -> None:
    change = compare_sides(a_side({"a": 1.0}), a_side({"b": 1.0}))
    assert (change.decision, change.difference, change.p_worse) == ("too few", None, None)
    assert "share no question" in change.why


def test_translations_that_are_lost_together_count_once() -> None:
    tags = {name: (f"translation-of:{NAMES[int(name[1:]) // 3]}",) for name in NAMES}
    asked = [a_question(name, tags=tags[name]) for name in NAMES]
    lost = right(*NAMES[:9])
    change = compare_sides(a_side(right(), questions=asked), a_side(lost, questions=asked))
    assert change.decision == "no evidence"
    assert change.p_worse == 1 / 16


def test_seconds_are_compared_on_one_machine_and_refused_on_two() -> None:
    here, there = {"cpu": "Acme 1"}, {"cpu": "Acme 2"}
    before = a_side(right(), seconds=2.0, environment=here)
    slower = compare_sides(before, a_side(right(), seconds=3.0, environment=here)).pace
    assert slower.times == pytest.approx(1.5)
    assert slower.other_machine == ""
    elsewhere = compare_sides(before, a_side(right(), environment=there)).pace
    assert "Acme 1" in elsewhere.other_machine


def test_translations_that_got_slower_together_tell_less_of_the_pace() -> None:
    asked = [a_question(name) for name in NAMES]
    before = [an_answer(one, 1.0, 1.0) for one in asked]
    now = [an_answer(one, 1.0, 1.0 + int(one.id[1:]) // 3 / 5) for one in asked]
    apart, together = (
        pace_of(list(zip(groups, before, now, strict=True)), ONE, ONE, seed=0)
        for groups in (NAMES, [f"g{int(name[1:]) // 3}" for name in NAMES])
    )
    assert apart.times == together.times
    ratio = math.log(together.high / together.times) / math.log(apart.high / apart.times)
    assert ratio == pytest.approx(math.sqrt(3))  # three of each are one: Kish's design effect is 3


def test_what_else_differs_is_said_in_plain_lines() -> None:
    before = a_side(right(), identity={"sha256": "aa", "provider": "cpu"}, settings={"system": "x"})
    now = a_side(right(), identity={"sha256": "bb", "provider": "cpu"})
    assert compare_sides(before, now).differs == (
        "sha256: aa before, bb now", "system: x before, not given now",
    )  # fmt: skip


def test_the_interval_goes_with_the_significance() -> None:
    before, now = a_side(right()), a_side(right(*NAMES[:6]))
    wide, narrow = compare_sides(before, now), compare_sides(before, now, significance=0.05)
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low


def test_only_the_first_of_repeated_answers_is_paired() -> None:
    side = a_side(right())
    again = tuple(
        structs.replace(run, repeat=1, verdicts=(structs.replace(run.verdicts[0], value=0.0),))
        for run in side.runs
    )
    doubled = structs.replace(side, runs=(*again, *side.runs))
    assert compare_sides(a_side(right()), doubled).decision == "no evidence"
