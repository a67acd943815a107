"""Scorers: small pure functions from (question, answer) to a verdict, looked up by name."""

from msgspec import structs

from sprat.errors import QuestionError
from sprat.questions.scorers.abstain import ABSTAIN
from sprat.questions.scorers.base import Json, Scorer, unscored
from sprat.questions.scorers.choice import CHOICE
from sprat.questions.scorers.facts import FACTS, FORMAT
from sprat.questions.scorers.fields import JSON
from sprat.questions.scorers.label import LABEL
from sprat.questions.scorers.match import CONTAINS, EXACT, F1
from sprat.questions.scorers.numeric import NUMERIC
from sprat.types import Question, Verdict

ANSWER_CHARS = 400
"""How much of what it read a verdict repeats; the whole text is the reply's."""


def _no_score(_question: Question, _text: str, _finish: str | None = None) -> Verdict:
    return unscored("none", "texts are compared by eye")


def _anything(_expected: Json) -> str | None:
    return None


NONE = Scorer(name="none", grade=_no_score, check=_anything, summary="no score: texts side by side")

SCORERS: dict[str, Scorer] = {
    scorer.name: scorer
    for scorer in (EXACT, F1, CONTAINS, NUMERIC, JSON, LABEL, CHOICE, FACTS, FORMAT, ABSTAIN, NONE)
}


def score(question: Question, text: str, finish: str | None = None) -> Verdict:
    """Judge `text` as an answer to `question` by the question's own scorer.

    `finish` is why the text ended (`Reply.finish`); None is "not known". A verdict's value is 0 to
    1, or None for "unscored" (no expected answer, scorer `none`): left out and counted, never 0.

    Raises:
        QuestionError: the question names a scorer that does not exist.
    """
    verdict = find_scorer(question.scorer).grade(question, text, finish)
    if verdict.answer and len(verdict.answer) > ANSWER_CHARS:
        return structs.replace(verdict, answer=verdict.answer[:ANSWER_CHARS] + "…")
    return verdict


def is_right(verdict: Verdict) -> bool | None:
    """Say whether a verdict counts as right where a yes or no is needed; None is "unscored".

    The bar is the scorer's own: all of it for `exact`, `numeric`, `label`, `choice`, `json`,
    `format` and `abstain`; 0.75 for `f1`; 0.8 for `facts` (all of four, four of five, or all but a
    little too long) and for `contains` (a right answer that is not buried in words).
    """
    if verdict.value is None:
        return None
    return verdict.value >= find_scorer(verdict.scorer).right_at - 1e-9


def find_scorer(name: str) -> Scorer:
    """Return the scorer of that name.

    Raises:
        QuestionError: there is none.
    """
    if name not in SCORERS:
        raise QuestionError(
            f"There is no scorer {name!r}.", fix=f"Use one of {', '.join(SCORERS)}."
        )
    return SCORERS[name]
