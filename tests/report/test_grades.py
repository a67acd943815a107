"""Grades beside one question's answers: whose they are, and of whom."""

import msgspec
from tests.studies.evaluation.made import a_question, an_answer

from sprat.report.browse.grades import grades_of
from sprat.runs.study import JUDGE
from sprat.types import Run, Verdict

QUESTION = a_question("q1")
ANSWER = msgspec.structs.replace(
    an_answer(QUESTION, 1.0),
    verdicts=(
        Verdict(scorer="exact", value=1.0),
        Verdict(scorer="rule/coherence", value=0.5, why="it repeats itself"),
        Verdict(scorer="rule/factuality", value=None, why="nothing to check"),
    ),
)


def opinion(value: float | None, repeat: int, scorer: str = "judge/coherence") -> Run:
    verdict = Verdict(scorer=scorer, value=value)
    return msgspec.structs.replace(
        ANSWER, role=JUDGE, model="stern", kind="coherence", repeat=repeat, verdicts=(verdict,)
    )


def test_a_rule_and_a_judge_stand_side_by_side():
    coherence, factuality = grades_of([ANSWER], [opinion(0.75, 0), opinion(1.0, 1)])
    assert (coherence.rule, coherence.rule_why, coherence.judge) == (
        "3.0",
        "it repeats itself",
        "4.5",
    )
    assert (factuality.rule, factuality.judge) == ("no grade", "no grade")


def test_one_order_alone_is_no_grade():
    (coherence, _) = grades_of([ANSWER], [opinion(0.75, 0)])
    assert coherence.judge == "no grade"


def test_a_judges_opinion_of_one_of_two_answers_is_given_to_neither():
    other = msgspec.structs.replace(ANSWER, role="large")
    lines = grades_of([ANSWER, other], [opinion(0.75, 0), opinion(1.0, 1)])
    assert {line.judge for line in lines} == {"no grade"}


def test_other_opinions_of_a_judge_are_no_grades():
    found = grades_of([ANSWER], [opinion(1.0, 0, "supported"), opinion(1.0, 1, "supported")])
    assert {line.judge for line in found} == {"no grade"}
