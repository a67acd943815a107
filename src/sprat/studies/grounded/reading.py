"""Reads files of questions to documents: what a file is, is seen from its content."""

from pathlib import Path
from typing import Any, cast

import msgspec

from sprat.errors import QuestionError
from sprat.questions.collection import sample
from sprat.questions.document import json_lines, text_of, whole
from sprat.questions.rows import MAX_PROMPT_CHARS, Row, fault, seen
from sprat.studies.grounded import ragas, squad
from sprat.studies.grounded.question import Gold, GroundedQuestion, GroundedSet, as_question
from sprat.types import Message

MAX_QUESTIONS = 100_000
MAX_ANSWERS = 50
FIX = "See docs/rag-evaluation.md for the format."


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of the user's own file, as it may be written."""

    question: str
    id: str | int | None = None
    answers: tuple[str, ...] | str = ()
    unanswerable: bool = False
    gold: tuple[Gold, ...] | Gold = ()
    history: tuple[Message, ...] = ()
    reviewed: bool = True
    language: str = "en"


def read_grounded(
    path: Path, *, limit: int | None = None, seed: int = 0, reviewed_only: bool = False
) -> GroundedSet:
    """SQuAD 2.0 JSON with its documents, Ragas' JSONL, or the user's own JSONL.

    `limit` takes that many, as many answerable as not where it can, drawn by `seed`.

    Raises:
        QuestionError: not readable, too large, none of these, or a line that cannot be used.
    """
    found = _read(path)
    kept = [one for one in found.questions if one.reviewed or not reviewed_only]
    if not kept:
        what = "holds no reviewed question" if found.questions else "holds no question"
        raise fault(path.name, what, FIX)
    _refuse_twins(kept, path.name)
    chosen = {one.id for one in sample([as_question(one, 1) for one in kept], limit, seed)}
    questions = tuple(one for one in kept if one.id in chosen)
    return msgspec.structs.replace(found, questions=questions)


def _read(path: Path) -> GroundedSet:
    text = text_of(path)
    document = whole(text)
    if isinstance(document, dict) and "data" in document:
        return squad.read(cast("Row", document), path.name)
    if isinstance(document, list):
        items = enumerate(cast("list[Any]", document), 1)
        rows = ((f"{path.name}, item {n}", one) for n, one in items)
    else:
        rows = json_lines(text, path.name)
    questions: list[GroundedQuestion] = []
    for number, (where, row) in enumerate(rows, 1):
        if number > MAX_QUESTIONS:
            raise fault(path.name, f"more than {MAX_QUESTIONS} questions", "Split the file.")
        questions.append(_question(row, where, number))
    return GroundedSet(path.name, tuple(questions))


def _question(row: object, where: str, number: int) -> GroundedQuestion:
    if not isinstance(row, dict):
        raise fault(where, f"{seen(row)} is no object", "One JSON object a question.")
    fields = cast("Row", row)
    if ragas.is_row(fields):
        return ragas.read_row(fields, where, number)
    try:
        line = msgspec.convert(fields, _Line)
    except msgspec.ValidationError as error:
        raise fault(where, str(error), FIX) from error
    return _checked(line, where, number)


def _checked(line: _Line, where: str, number: int) -> GroundedQuestion:
    answers = (line.answers,) if isinstance(line.answers, str) else line.answers
    gold = (line.gold,) if isinstance(line.gold, Gold) else line.gold
    if not line.question.strip() or len(line.question) > MAX_PROMPT_CHARS:
        raise fault(where, f"`question` is {seen(line.question)}", FIX)
    if line.unanswerable and answers:
        raise fault(where, "has `answers` and is `unanswerable`", "Keep one of them.")
    if len(answers) > MAX_ANSWERS or not all(answer.strip() for answer in answers):
        raise fault(where, f"`answers` is {seen(answers)}", "Give texts, 50 at most.")
    for one in gold:
        _check_gold(one, where)
    for message in line.history:
        if message.role not in {"user", "assistant"}:
            raise fault(where, f"`history` has the role {message.role!r}", FIX)
    return GroundedQuestion(
        id=str(line.id) if line.id not in (None, "") else f"q{number:04d}",
        question=line.question.strip(),
        answers=answers,
        unanswerable=line.unanswerable,
        gold=gold,
        history=line.history,
        reviewed=line.reviewed,
        language=line.language,
    )


def _check_gold(one: Gold, where: str) -> None:
    if one.around is not None or bool(one.file) == bool(one.text and one.text.strip()):
        raise fault(where, "a `gold` has not one of `file` and `text`", FIX)
    if (one.start is None) != (one.end is None):
        raise fault(where, "a `gold` has one of `start` and `end`", "Give both, or neither.")
    if one.start is not None and one.end is not None and not 0 <= one.start < one.end:
        what = f"a `gold` goes from {one.start} to {one.end}"
        raise fault(where, what, "Offsets count characters, from 0.")


def _refuse_twins(questions: list[GroundedQuestion], name: str) -> None:
    known: set[str] = set()
    for one in questions:
        if one.id in known:
            raise QuestionError(f"{name}: the id {seen(one.id)} is there twice.", fix="Ids differ.")
        known.add(one.id)
