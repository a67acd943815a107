"""Public multiple-choice sets in their own formats: MMLU, ARC and those that look like them."""

from typing import Any, cast

from sprat.questions.rows import Row, fault, seen, to_question
from sprat.types import Question

CHOICE_TOKENS = 256
"""Room to think aloud: a model that only chats rarely replies with a letter alone."""


def is_exam(row: Row) -> bool:
    """Say whether a row is MMLU's (with a `subject`) or ARC's (with an `answerKey`)."""
    return "choices" in row and "question" in row and bool({"subject", "answerKey"} & set(row))


def exam_question(row: Row, where: str, number: int) -> Question:
    """Make a question of a row of MMLU, ARC, CommonsenseQA or OpenBookQA.

    Raises:
        QuestionError: no question, no options, or an answer that is none of them.

    Source: https://huggingface.co/datasets/cais/mmlu, https://huggingface.co/datasets/allenai/ai2_arc
    """
    options, answer = _options(row, where)
    kind = row.get("subject") or "choice"
    fields: Row = {
        "id": row.get("id"),
        "kind": str(kind).replace(" ", "-")[:200],
        "question": row["question"],
        "choices": options,
        "answer": answer,
        "scorer": "choice",
        "max_tokens": CHOICE_TOKENS,
    }
    return to_question(fields, where, number)


def _options(row: Row, where: str) -> tuple[list[Any], Any]:
    choices = row["choices"]
    if not isinstance(choices, dict):
        return choices, row.get("answer", row.get("answerKey"))
    columns = cast("dict[str, Any]", choices)
    texts, labels = columns.get("text"), columns.get("label")
    if not isinstance(texts, list) or not isinstance(labels, list):
        raise fault(where, f"`choices` is {seen(columns)}", "ARC has `text` and `label` there.")
    names, key = cast("list[Any]", labels), row.get("answerKey")
    if key not in names or len(names) != len(cast("list[Any]", texts)):
        raise fault(where, f"`answerKey` is {seen(key)}", f"The labels are {seen(names)}.")
    return cast("list[Any]", texts), names.index(key)
