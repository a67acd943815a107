"""Grades of 1 to 5 for one question's answers: by rule, and by a judge."""

from collections.abc import Mapping, Sequence

import msgspec

from sprat.questions.rubric import Grade
from sprat.studies.evaluation.grading import RULE_SCORER, rule_grade
from sprat.studies.judging.grades import grades_of as judged
from sprat.types import Run

_JUDGE = "judge/"


class GradeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension of the rubric for one model's answer."""

    model: str
    dimension: str
    rule: str
    rule_why: str
    judge: str
    judge_why: str


def grades_of(answers: Sequence[Run], opinions: Sequence[Run]) -> list[GradeLine]:
    """A line per answer and dimension; a judge's opinions are of the only model that answered."""
    alone = len({run.role for run in answers}) == 1
    graded = [run for run in opinions if alone and _grades(run)]
    by_question = judged(graded)
    return [line for run in answers for line in _lines(run, by_question.get(run.question, {}))]


def _grades(run: Run) -> bool:
    """Other judges say whether an answer is supported, or which of two is better."""
    return any(verdict.scorer.startswith(_JUDGE) for verdict in run.verdicts)


def _lines(run: Run, judges: Mapping[str, Grade]) -> list[GradeLine]:
    rules = {
        one.scorer.removeprefix(RULE_SCORER): one.why
        for one in run.verdicts
        if one.scorer.startswith(RULE_SCORER)
    }
    return [_line(run, name, rules, judges) for name in dict.fromkeys([*rules, *judges])]


def _line(run: Run, name: str, rules: Mapping[str, str], judges: Mapping[str, Grade]) -> GradeLine:
    judge = judges.get(name)
    return GradeLine(
        model=run.model,
        dimension=name,
        rule=_shown(rule_grade(run, name)),
        rule_why=rules.get(name, ""),
        judge=_shown(judge.value if judge else None),
        judge_why=judge.why if judge else "",
    )


def _shown(grade: float | None) -> str:
    return "no grade" if grade is None else f"{grade:.1f}"
