"""A graded answer as the store keeps it: a question of the study, with all that a report needs."""

from collections.abc import Iterable, Sequence

import msgspec

from sprat.errors import RunError
from sprat.questions.rubric import Scored
from sprat.runs.study import Study
from sprat.studies.judging.grades import ToGrade
from sprat.studies.judging.plan import KIND
from sprat.types import Question

INJECTION = "injection"
"""The tag of an answer that tells the judge what to reply."""


def as_question(scored: Scored) -> Question:
    """What was asked, and in `expected` the answer, its grades and the question's own scorer."""
    return Question(
        id=scored.id,
        kind=scored.question.kind,
        messages=scored.question.messages,
        scorer="none",
        expected={"scored": msgspec.to_builtins(scored)},
        language=scored.question.language,
    )


def from_question(kept: Question) -> Scored:
    """The inverse of `as_question`."""
    return msgspec.convert(kept.expected["scored"], Scored)


def scored_of(study: Study) -> tuple[Scored, ...]:
    """The graded answers of a study.

    Raises:
        RunError: it is no study of a judge.
    """
    if study.kind != KIND:
        raise RunError(
            f"{study.id} is a study of kind {study.kind!r}, not of a judge.",
            fix="See: sprat runs list",
        )
    return tuple(from_question(question) for question in study.questions)


def to_grade(scored: Iterable[Scored]) -> list[ToGrade]:
    """What a judge is shown of them: not the grades, nor the note."""
    return [ToGrade(one.id, one.question, one.text) for one in scored]


def some_of(scored: Sequence[Scored], limit: int | None, seed: int) -> tuple[Scored, ...]:
    """`limit` of them, of every question in turn; the same for the same seed."""
    from sprat.questions.collection import sample

    known = {one.id: one for one in scored}
    grouped = [msgspec.structs.replace(as_question(one), kind=one.group) for one in scored]
    return tuple(known[question.id] for question in sample(grouped, limit, seed))
