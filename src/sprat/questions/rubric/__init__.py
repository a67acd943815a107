"""What good means, beyond right and wrong: a rubric, a rule that grades by it, graded answers."""

from sprat.questions.rubric.answers import held_out, reference_answers
from sprat.questions.rubric.nouns import (
    DIMENSIONS,
    GRADES,
    RULE,
    Anchor,
    Dimension,
    Grade,
    Rubric,
    Scored,
)
from sprat.questions.rubric.reading import read_rubric
from sprat.questions.rubric.rule import grade_by_rule

__all__ = [
    "DIMENSIONS",
    "GRADES",
    "RULE",
    "Anchor",
    "Dimension",
    "Grade",
    "Rubric",
    "Scored",
    "grade_by_rule",
    "held_out",
    "read_rubric",
    "reference_answers",
]
