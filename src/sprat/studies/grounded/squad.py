"""SQuAD 2.0 as questions to documents: each article is a document, its paragraphs its text."""

from typing import Any, cast

from sprat.questions.rows import Row, fault, seen
from sprat.studies.grounded.question import Gold, GroundedQuestion, GroundedSet, Paper

FOLDER = "squad"
BETWEEN = "\n\n"


def read(document: Row, name: str) -> GroundedSet:
    """The questions and articles of a SQuAD file.

    The gold passage is the one in which the first given answer stands. Unanswerable questions have
    answers in no paragraph of their own; that no other article answers them is taken as given.

    Raises:
        QuestionError: something is missing or of the wrong type; the message says where.

    Source: https://rajpurkar.github.io/SQuAD-explorer/
    """
    questions: list[GroundedQuestion] = []
    papers: list[Paper] = []
    for number, article in enumerate(_list(document, "data", name), 1):
        where = f"{name} data[{number - 1}]"
        title = str(article.get("title") or f"Article {number}").replace("_", " ")
        file = f"{FOLDER}/{number:03d} {title.replace('/', ' ')}.txt"
        parts: list[str] = []
        for place, paragraph in enumerate(_list(article, "paragraphs", where)):
            below = f"{where} paragraphs[{place}]"
            offset = sum(len(part) + len(BETWEEN) for part in parts)
            parts.append(_text(paragraph, "context", below))
            questions += [
                _question(entry, file, offset, below) for entry in _list(paragraph, "qas", below)
            ]
        papers.append(Paper(file, title, BETWEEN.join(parts)))
    return GroundedSet(name, tuple(questions), tuple(papers))


def _question(entry: Row, file: str, offset: int, where: str) -> GroundedQuestion:
    answers = [] if entry.get("is_impossible") else _list(entry, "answers", where)
    if not answers and entry.get("is_impossible") is False:
        raise fault(where, "an answerable question without answers", "Correct `is_impossible`.")
    texts = tuple(dict.fromkeys(_text(answer, "text", where) for answer in answers))
    return GroundedQuestion(
        id=_text(entry, "id", where),
        question=_text(entry, "question", where).strip(),
        answers=texts,
        unanswerable=not answers,
        gold=(_gold(answers[0], file, offset, where),) if answers else (),
    )


def _gold(answer: Row, file: str, offset: int, where: str) -> Gold:
    start = answer.get("answer_start")
    if not isinstance(start, int) or start < 0:
        raise fault(where, f"`answer_start` is {seen(start)}", "SQuAD has a number there.")
    first = offset + start
    return Gold(file=file, start=first, end=first + len(_text(answer, "text", where)))


def _list(parent: Row, name: str, where: str) -> list[Row]:
    value: Any = parent.get(name)
    if not isinstance(value, list) or not all(
        isinstance(one, dict) for one in cast("list[Any]", value)
    ):
        shown = seen(cast("object", value))
        raise fault(where, f"`{name}` is {shown}", "SQuAD has a list of objects there.")
    return cast("list[Row]", value)


def _text(parent: Row, name: str, where: str) -> str:
    value: Any = parent.get(name)
    if not isinstance(value, str) or not value.strip():
        raise fault(where, f"`{name}` is {seen(value)}", "SQuAD has a text there.")
    return value
