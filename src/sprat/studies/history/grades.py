"""The rubric's grades of the same questions before and now."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sprat.questions.rubric import RULE
from sprat.runs.intervals import mean_interval
from sprat.studies.evaluation.grading import RULE_SCORER, rule_grade
from sprat.studies.judging.grades import grades_of
from sprat.studies.tally import group_of
from sprat.types import Question, Run

Grades = Mapping[tuple[str, str], Mapping[str, float]]
"""(dimension, by whom) → question → grade, 1 to 5."""


class GradeChange(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension, by one grader, over the questions that both sides have such a grade of."""

    dimension: str
    by: str
    """`rule`, or the judge's name: grades of two judges are never held against each other."""
    n: int
    before: float
    """Mean, 1 to 5."""
    now: float
    difference: float
    """Now minus before."""
    low: float | None
    high: float | None
    """The 95% interval of `difference`."""


def grades_in(runs: Iterable[Run], opinions: Iterable[Run]) -> Grades:
    """By rule from the verdicts of `runs`, by a judge from what it was asked."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for run in runs:
        for dimension in _graded(run):
            grade = rule_grade(run, dimension)
            if grade is not None and run.repeat == 0:
                found.setdefault((dimension, RULE), {})[run.question] = grade
    for question, by_dimension in grades_of(opinions).items():
        for dimension, grade in by_dimension.items():
            if grade.value is not None:
                found.setdefault((dimension, grade.by), {})[question] = grade.value
    return found


def _graded(run: Run) -> list[str]:
    names = [verdict.scorer for verdict in run.verdicts]
    return [name.removeprefix(RULE_SCORER) for name in names if name.startswith(RULE_SCORER)]


def grade_changes(
    before: Grades, now: Grades, questions: Sequence[Question], seed: int
) -> tuple[GradeChange, ...]:
    """Each dimension that both sides were graded in by the same grader."""
    changes = (_change(key, before[key], now[key], questions, seed) for key in now if key in before)
    return tuple(change for change in changes if change is not None)


def _change(
    key: tuple[str, str],
    before: Mapping[str, float],
    now: Mapping[str, float],
    questions: Sequence[Question],
    seed: int,
) -> GradeChange | None:
    both = [question for question in questions if question.id in before and question.id in now]
    if not both:
        return None
    differences = [now[question.id] - before[question.id] for question in both]
    groups = [group_of(question) for question in both]
    bounds = mean_interval(differences, -4, 4, groups=groups, seed=seed)
    n = len(both)
    return GradeChange(
        dimension=key[0],
        by=key[1],
        n=n,
        before=sum(before[question.id] for question in both) / n,
        now=sum(now[question.id] for question in both) / n,
        difference=sum(differences) / n,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
    )
