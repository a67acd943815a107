"""The order of asking, and what may be resumed."""

import msgspec
import pytest

from sprat.errors import RunError
from sprat.questions import load
from sprat.runs.study import Study, StudyModel
from sprat.studies.plan import ComparePlan, asking_order, plan_of, refuse_difference

EVERYDAY = load("everyday", limit=24)


def plan(**changes):
    whole = ComparePlan(
        small="s",
        large="l",
        questions_name="everyday",
        questions=EVERYDAY.questions,
        margin=0.1,
        seed=7,
        selection={"limit": 24},
    )
    return msgspec.structs.replace(whole, **changes)


def as_study(the_plan):
    return Study(
        id="x",
        kind="compare",
        created="",
        questions_name=the_plan.questions_name,
        questions_sha256=the_plan.questions_sha256,
        questions=the_plan.questions,
        settings=the_plan.settings,
        models=tuple(StudyModel(role=role, name=name) for role, name in the_plan.models.items()),
    )


def test_every_question_is_asked_of_both_sides_in_abba_order():
    turns = asking_order(EVERYDAY.questions, seed=1)
    assert [turn.position for turn in turns] == list(range(48))
    assert {(t.question.id, t.side) for t in turns} == {
        (q.id, side) for q in EVERYDAY.questions for side in ("small", "large")
    }
    first, second = turns[0].side, turns[1].side
    assert [turn.side for turn in turns] == [first, second, second, first] * 12
    assert all(a.question is b.question for a, b in zip(turns[::2], turns[1::2], strict=True))


def test_the_seed_makes_the_order_and_nothing_else_does():
    order = [t.question.id for t in asking_order(EVERYDAY.questions, seed=1)]
    assert order == [t.question.id for t in asking_order(EVERYDAY.questions[::-1], seed=1)]
    assert order != [t.question.id for t in asking_order(EVERYDAY.questions, seed=2)]
    assert order != [q.id for q in EVERYDAY.questions for _ in range(2)]


def test_over_many_seeds_either_side_begins():
    assert {asking_order(EVERYDAY.questions, seed)[0].side for seed in range(20)} == {
        "small",
        "large",
    }


def test_a_recorded_study_gives_its_plan_back():
    assert plan_of(as_study(plan())) == plan()


def test_the_fingerprint_is_the_sets_own():
    assert plan().questions_sha256 == EVERYDAY.sha256


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"small": "other"}, "small model is s, not other"),
        ({"large": "other"}, "large model is l, not other"),
        ({"margin": 0.2}, "margin is 0.1, not 0.2"),
        ({"seed": 8}, "seed is 7, not 8"),
        ({"selection": {"limit": 12}}, "limit is 24, not 12"),
        ({"questions_name": "mine.csv"}, "question set is everyday, not mine.csv"),
        ({"questions": EVERYDAY.questions[:-1]}, "question fingerprint"),
    ],
)
def test_a_study_is_only_resumed_as_it_began(changes, said):
    refuse_difference(as_study(plan()), plan())
    with pytest.raises(RunError, match=said):
        refuse_difference(as_study(plan()), plan(**changes))
