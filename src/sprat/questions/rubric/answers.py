"""`reference_answers`: answers graded beforehand, to hold a rule or a judge against."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from sprat.questions.document import json_lines, text_of
from sprat.questions.loading import everyday
from sprat.questions.rows import Row, fault, seen, to_question
from sprat.questions.rubric.nouns import GRADES, Scored
from sprat.questions.rubric.reading import built_in
from sprat.types import Question

MAX_ANSWERS = 10_000
MAX_ANSWER_CHARS = 20_000
COLUMNS = ("id", "question", "text", "grades", "note", "tags")
_DRAW = 0
_TRANSLATED = "translation-of:"


def reference_answers(file: Path | None = None) -> tuple[Scored, ...]:
    """Return the built-in graded answers, or those of a JSONL file of the same shape.

    Raises:
        QuestionError: not readable, or a line that cannot be used; the place is named.
    """
    name = file.name if file else "answers.jsonl"
    found = tuple(_scored(text_of(file) if file else built_in(name), name))
    if not found:
        raise fault(name, "holds no answer", "The shape is in docs/rubric.md.")
    return found


def held_out(scored: Scored) -> bool:
    """Whether the rule's numbers were set without looking at what it says of this built-in answer.

    Half of the groups were looked at while the rule was made, drawn by their names. The rule's
    agreement with the grades is told by the other half alone.
    """
    drawn = hashlib.sha256(f"{_DRAW}:{scored.group}".encode()).digest()
    return drawn[-1] % 2 == 1


def _scored(text: str, name: str) -> Iterator[Scored]:
    known = {question.id: question for question in everyday()}
    seen_ids: set[str] = set()
    for number, (where, row) in enumerate(json_lines(text, name), 1):
        if number > MAX_ANSWERS:
            raise fault(name, f"more than {MAX_ANSWERS} answers", "Split the file.")
        scored = _one(_fields(row, where), known, where)
        if scored.id in seen_ids:
            raise fault(where, f"the id {seen(scored.id)} was there before", "Ids must differ.")
        seen_ids.add(scored.id)
        yield scored


def _fields(row: object, where: str) -> Row:
    if not isinstance(row, dict):
        raise fault(where, f"{seen(row)} is no object", "One JSON object an answer.")
    fields = cast("Row", row)
    if unknown := [name for name in fields if name not in COLUMNS]:
        raise fault(where, f"unknown field {seen(unknown[0])}", f"Fields are {', '.join(COLUMNS)}.")
    return fields


def _one(row: Row, known: dict[str, Question], where: str) -> Scored:
    question = _question(row.get("question"), known, where)
    return Scored(
        id=_text(row, "id", 200, where),
        question=question,
        text=_text(row, "text", MAX_ANSWER_CHARS, where, empty=True),
        grades=_grades(row.get("grades"), where),
        note=_text(row, "note", 2_000, where, empty=True),
        group=_group(question),
        tags=_tags(row.get("tags", []), where),
    )


def _question(value: object, known: dict[str, Question], where: str) -> Question:
    """Of an id: the everyday question, or the one that an earlier line gave in full."""
    if isinstance(value, dict):
        question = to_question(cast("Row", value), where, len(known) + 1)
        if known.setdefault(question.id, question) != question:
            what = f"another question has the id {seen(question.id)}"
            raise fault(where, what, "Ids must differ.")
        return question
    if not isinstance(value, str) or value not in known:
        raise fault(
            where,
            f"`question` is {seen(value)}",
            "Give a question, or the id of an everyday one or of one given above.",
        )
    return known[value]


def _group(question: Question) -> str:
    originals = [tag for tag in question.tags if tag.startswith(_TRANSLATED)]
    return originals[0].removeprefix(_TRANSLATED) if originals else question.id


def _grades(value: object, where: str) -> dict[str, int]:
    if not isinstance(value, dict) or not value:
        raise fault(
            where, f"`grades` is {seen(cast('object', value))}", 'Give {"coherence": 4, …}.'
        )
    grades = cast("dict[str, Any]", value)
    for dimension, grade in grades.items():
        if isinstance(grade, bool) or grade not in GRADES:
            raise fault(where, f"{dimension} is {seen(grade)}", "Give 1, 2, 3, 4 or 5.")
    return {dimension: int(grade) for dimension, grade in grades.items()}


def _tags(value: object, where: str) -> tuple[str, ...]:
    items: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [None]
    if not all(isinstance(item, str) for item in items):
        raise fault(where, f"`tags` is {seen(cast('object', value))}", "Give a list of texts.")
    return tuple(items)


def _text(row: Row, name: str, most: int, where: str, *, empty: bool = False) -> str:
    value = row.get(name, "" if empty and name != "text" else None)
    if not isinstance(value, str) or not (value or empty):
        raise fault(where, f"`{name}` is {seen(value)}", "It must be a text.")
    if len(value) > most:
        raise fault(where, f"`{name}` has {len(value)} characters", f"At most {most} are read.")
    return value
