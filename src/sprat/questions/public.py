"""Public test sets in their own formats: SQuAD 2.0 and GSM8K."""

from collections.abc import Iterator
from typing import Any, cast

from sprat.questions.rows import Row, fault, seen
from sprat.questions.scorers.base import Json
from sprat.questions.scorers.numeric import numbers
from sprat.types import Message, Question

PASSAGE_PROMPT = (
    "Read the passage and answer the question with a few words from it. "
    "If the passage does not give the answer, reply: Not stated.\n\n"
    "Passage: {passage}\n\nQuestion: {question}"
)
GSM8K_PROMPT = "{question}\n\nWork step by step, then end with one line: Answer: <number>"
PASSAGE_TOKENS = 48
GSM8K_TOKENS = 320


def squad_questions(document: dict[str, Any], name: str) -> Iterator[Question]:
    """Yield the questions of a SQuAD 2.0 document; kinds `answerable` and `unanswerable`.

    Answerable ones are scored by token F1 with the best of the given answers, the others by
    whether the reply says that it does not know.

    Raises:
        QuestionError: something is missing or of the wrong type; the message says where.

    Source: https://rajpurkar.github.io/SQuAD-explorer/
    """
    for place, article in _each(document, "data", name):
        for below, paragraph in _each(article, "paragraphs", place):
            context = _field(paragraph, "context", str, below)
            for where, entry in _each(paragraph, "qas", below):
                yield _squad_question(entry, context, where)


def _squad_question(entry: Row, context: str, where: str) -> Question:
    answers = [_field(answer, "text", str, at) for at, answer in _each(entry, "answers", where)]
    impossible = entry.get("is_impossible", not answers)
    if impossible not in (True, False) or (not impossible and not answers):
        raise fault(where, "an answerable question without answers", "Correct `is_impossible`.")
    asked = PASSAGE_PROMPT.format(
        passage=context.strip(), question=_field(entry, "question", str, where)
    )
    return Question(
        id=_field(entry, "id", str, where),
        kind="unanswerable" if impossible else "answerable",
        messages=(Message(role="user", content=asked),),
        scorer="abstain" if impossible else "f1",
        expected=None if impossible else list(dict.fromkeys(answers)),
        max_tokens=PASSAGE_TOKENS,
    )


def _each(parent: Row, name: str, where: str) -> Iterator[tuple[str, Row]]:
    for index, child in enumerate(_field(parent, name, list, where)):
        place = f"{where} {name}[{index}]"
        if not isinstance(child, dict):
            raise fault(place, f"is {seen(child)}", "SQuAD has an object there.")
        yield place, cast("Row", child)


def _field(parent: Row, name: str, kind: type, where: str) -> Json:
    value = parent.get(name)
    if not isinstance(value, kind) or value == "":
        raise fault(where, f"`{name}` is {seen(value)}", f"SQuAD has a {kind.__name__} there.")
    return value


def is_gsm8k(row: Row) -> bool:
    """Say whether a row is GSM8K's: a worked solution that ends in `#### number`."""
    return set(row) == {"question", "answer"} and "#### " in str(row["answer"])


def gsm8k_question(row: Row, where: str, number: int) -> Question:
    """Make a question of a GSM8K row.

    Raises:
        QuestionError: no question, or no number after `####`.

    Source: https://github.com/openai/grade-school-math
    """
    solution, question = row.get("answer"), row.get("question")
    if not isinstance(question, str) or not question.strip() or not isinstance(solution, str):
        raise fault(where, f"`question` is {seen(question)}", "GSM8K has a text there.")
    found = numbers(solution.rpartition("####")[2]) if "####" in solution else []
    if not found:
        raise fault(where, f"no number after #### in {seen(solution)}", "Correct the line.")
    return Question(
        id=f"gsm8k-{number:04d}",
        kind="arithmetic",
        messages=(Message(role="user", content=GSM8K_PROMPT.format(question=question.strip())),),
        scorer="numeric",
        expected=found[-1],
        max_tokens=GSM8K_TOKENS,
    )
