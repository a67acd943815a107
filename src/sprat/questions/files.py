"""Reads question files: what a file is, is seen from its content."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from sprat.errors import QuestionError
from sprat.questions.document import json_lines, text_of, whole
from sprat.questions.exams import exam_question, is_exam
from sprat.questions.public import gsm8k_question, is_gsm8k, squad_questions
from sprat.questions.rows import Row, fault, seen, to_question
from sprat.questions.scorers.base import Json
from sprat.types import Question

MAX_QUESTIONS = 100_000
_DELIMITERS = ",;\t"
_JSON_CELLS = ("json", "facts", "format", "label")


def read_questions(path: Path) -> list[Question]:
    """Read SQuAD 2.0 JSON, GSM8K, MMLU or ARC JSONL, or the user's own JSONL, JSON list or CSV.

    Raises:
        QuestionError: not readable, too large, none of these, or a row that cannot be used.
    """
    text = text_of(path)
    if not text.strip():
        raise fault(path.name, "is empty", "See docs/questions.md for the formats.")
    questions: list[Question] = []
    lines_by_id: dict[str, int] = {}
    for number, question in enumerate(_questions(text, path.name), 1):
        if number > MAX_QUESTIONS:
            raise fault(path.name, f"more than {MAX_QUESTIONS} questions", "Split the file.")
        if question.id in lines_by_id:
            first = lines_by_id[question.id]
            what = f"the id {seen(question.id)} of question {number} is question {first}'s too"
            raise fault(path.name, what, "Ids must differ.")
        lines_by_id[question.id] = number
        questions.append(question)
    if not questions:
        raise fault(path.name, "holds no question", "See docs/questions.md for the formats.")
    return questions


def _questions(text: str, name: str) -> Iterator[Question]:
    if not text.lstrip().startswith(("{", "[")):
        yield from _from_table(text, name)
        return
    document = whole(text)
    if isinstance(document, dict) and "data" in document:
        yield from squad_questions(cast("Row", document), name)
    elif isinstance(document, list):
        items = cast("list[Any]", document)
        yield from _from_rows(((f"{name}, item {at}", row) for at, row in enumerate(items, 1)))
    elif isinstance(document, dict):
        yield from _from_rows(iter([(f"{name}, line 1", cast("Any", document))]))
    else:
        yield from _from_rows(json_lines(text, name))


def _from_rows(rows: Iterator[tuple[str, Any]]) -> Iterator[Question]:
    for number, (where, row) in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise fault(where, f"{seen(row)} is no object", "One JSON object a question.")
        fields = cast("Row", row)
        yield _reader(fields)(fields, where, number)


def _reader(row: Row) -> Callable[[Row, str, int], Question]:
    if is_exam(row):
        return exam_question
    return gsm8k_question if is_gsm8k(row) else to_question


def _from_table(text: str, name: str) -> Iterator[Question]:
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [cell.strip().lower() for cell in next(reader, list[str]())]
        if not {"question", "prompt"} & set(columns):
            what = (
                f"begins with {seen(header.strip())}, which is no JSON and no header with `prompt`"
            )
            raise fault(name, what, "See docs/questions.md for the formats.")
        for number, cells in enumerate(filter(any, reader), 1):
            where = f"{name}, line {reader.line_num}"
            yield to_question(_table_row(columns, cells, where), where, number)
    except csv.Error as error:
        raise fault(
            f"{name}, line {reader.line_num}", f"no CSV ({error})", "Check its quotes."
        ) from error


def _table_row(columns: list[str], cells: list[str], where: str) -> Row:
    if len(cells) != len(columns):
        what = f"{len(cells)} cells under {len(columns)} columns"
        raise fault(where, what, 'Quote cells that hold the separator: "a, b".')
    row: Row = {name: cell for name, cell in zip(columns, cells, strict=True) if cell.strip()}
    for name in ("expected", "answer"):
        if name in row:
            row[name] = _cell(row[name], str(row.get("scorer", "")).strip(), where)
    return row


def _cell(cell: str, scorer: str, where: str) -> Json:
    """A cell of `expected`: JSON for the scorers that need a structure, else texts between |."""
    if scorer in _JSON_CELLS and cell.lstrip().startswith(("{", "[")):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise fault(where, f"`expected` is {seen(cell)}, no JSON", "Correct it.") from error
    parts = [part.strip() for part in cell.split("|") if part.strip()]
    return parts[0] if len(parts) == 1 else parts


def missing_file(name: str) -> QuestionError:
    """Return the error for a name that is neither a set nor a file."""
    return QuestionError(
        f"There is no question set or file {name!r}.", fix="Use everyday, or the path of a file."
    )
