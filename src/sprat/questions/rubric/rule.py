"""`grade_by_rule`: one answer, one dimension → a grade, and what cost points."""

from sprat.questions.rubric.coherence import coherence_faults
from sprat.questions.rubric.conciseness import conciseness_faults
from sprat.questions.rubric.factuality import can_tell, factuality_faults
from sprat.questions.rubric.faults import graded
from sprat.questions.rubric.need import need_words
from sprat.questions.rubric.nouns import DIMENSIONS, RULE, Grade
from sprat.questions.rubric.tongue import UNSPACED
from sprat.types import Question

MAX_CHARS = 50_000
"""Of an answer; what comes after them is not read."""
_FAULTS = {
    "coherence": coherence_faults,
    "factuality": factuality_faults,
    "conciseness": conciseness_faults,
}


def grade_by_rule(dimension: str, question: Question, text: str) -> Grade:
    """Grade `text` as an answer to `question` from 1 to 5, without any model.

    It begins at 5, and each fault takes off its points, down to 1; `why` names them. An empty
    answer is 1 in every dimension. None where a rule cannot tell: no expected answer (factuality),
    nothing that says how long an answer should be (conciseness), a language that puts no space
    between its words, a dimension of one's own.
    """
    if dimension not in DIMENSIONS:
        return _unscored(dimension, f"there is a rule for {', '.join(DIMENSIONS)} only")
    if not text.strip():
        return Grade(dimension=dimension, value=1.0, by=RULE, why="empty")
    if blind := _blind(dimension, question):
        return _unscored(dimension, blind)
    value, why = graded(_FAULTS[dimension](question, text[:MAX_CHARS]))
    return Grade(dimension=dimension, value=value, by=RULE, why=why or "no fault found")


def _blind(dimension: str, question: Question) -> str | None:
    """Why the rule cannot tell; None: it can."""
    if dimension == "factuality":
        return None if can_tell(question) else "no expected answer to hold it against"
    if question.language.split("-")[0] in UNSPACED:
        return f"words of {question.language} cannot be counted"
    if dimension == "conciseness" and need_words(question) is None:
        return "nothing says how long an answer should be"
    return None


def _unscored(dimension: str, why: str) -> Grade:
    return Grade(dimension=dimension, value=None, by=RULE, why=why)
