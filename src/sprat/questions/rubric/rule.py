"""`grade_by_rule`: one answer, one dimension → a grade, and what cost points."""

from sprat.questions.rubric.nouns import DIMENSIONS, RULE, Grade
from sprat.types import Question


def grade_by_rule(dimension: str, question: Question, text: str) -> Grade:
    """Grade `text` as an answer to `question` from 1 to 5, without any model.

    An empty answer is 1 in every dimension. None where a rule cannot tell.
    """
    if dimension not in DIMENSIONS:
        return _unscored(dimension, f"there is a rule for {', '.join(DIMENSIONS)} only")
    if not text.strip():
        return Grade(dimension=dimension, value=1.0, by=RULE, why="empty")
    return _unscored(dimension, f"there is no rule for {question.kind}")


def _unscored(dimension: str, why: str) -> Grade:
    return Grade(dimension=dimension, value=None, by=RULE, why=why)
