"""The rule's grades of an answer, as further verdicts beside the question's own scorer's."""

from collections.abc import Sequence

from sprat.questions.rubric import DIMENSIONS, Grade, grade_by_rule
from sprat.types import Question, Reply, Run, Verdict

RULE_SCORER = "rule/"
"""Before a dimension's name: whose verdict it is."""
_STEPS = 4
"""From grade 1 to grade 5."""


def rule_verdicts(
    question: Question, reply: Reply | None, dimensions: Sequence[str] = DIMENSIONS
) -> tuple[Verdict, ...]:
    """One verdict for each dimension; an error is graded like the empty answer that it is."""
    text = reply.text if reply else ""
    return tuple(_verdict(grade_by_rule(name, question, text)) for name in dimensions)


def rule_grade(run: Run, dimension: str) -> float | None:
    """The rule's grade of a stored answer, 1 to 5; None: unscored, or never graded."""
    wanted = RULE_SCORER + dimension
    return next((_grade(one) for one in run.verdicts if one.scorer == wanted), None)


def _verdict(grade: Grade) -> Verdict:
    value = None if grade.value is None else (grade.value - 1) / _STEPS
    return Verdict(scorer=RULE_SCORER + grade.dimension, value=value, why=grade.why)


def _grade(verdict: Verdict) -> float | None:
    return None if verdict.value is None else 1 + _STEPS * verdict.value
