"""Grades of 1 to 5 for one question's answers: by rule, and by a judge."""

from collections.abc import Sequence
from statistics import fmean

import msgspec

from sprat.types import Run, Verdict

_RULE, _JUDGE = "rule/", "judge/"


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
    judged = [one for run in opinions for one in run.verdicts] if alone else []
    return [line for run in answers for line in _lines(run, judged)]


def grade(value: float) -> float:
    """A verdict's 0..1 as a grade of 1 to 5."""
    return 1 + 4 * value


def _lines(run: Run, judged: Sequence[Verdict]) -> list[GradeLine]:
    rules = {v.scorer.removeprefix(_RULE): v for v in run.verdicts if v.scorer.startswith(_RULE)}
    judges = [v for v in judged if v.scorer.startswith(_JUDGE)]
    names = dict.fromkeys([*rules, *(v.scorer.removeprefix(_JUDGE) for v in judges)])
    return [_line(run, name, rules.get(name), judges) for name in names]


def _line(run: Run, name: str, rule: Verdict | None, judges: Sequence[Verdict]) -> GradeLine:
    mine = [v for v in judges if v.scorer == f"{_JUDGE}{name}"]
    values = [v.value for v in mine if v.value is not None]
    return GradeLine(
        model=run.model,
        dimension=name,
        rule=_shown(rule.value if rule else None),
        rule_why=rule.why if rule else "",
        judge=_shown(fmean(values) if values else None),
        judge_why=" / ".join(v.why for v in mine if v.why),
    )


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{grade(value):.1f}"
