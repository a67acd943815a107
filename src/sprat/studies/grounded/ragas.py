"""Ragas' dataset format, in and out: one JSON object a line, as its `EvaluationDataset` has it.

Source: https://docs.ragas.io/en/stable/concepts/components/eval_dataset/
"""

from collections.abc import Iterable
from typing import Any, cast

import msgspec

from sprat.questions.rows import MAX_PROMPT_CHARS, Row, fault, seen
from sprat.questions.scorers.abstain import abstains
from sprat.studies.grounded.case import Case
from sprat.studies.grounded.question import Gold, GroundedQuestion
from sprat.types import Message

SAYS_NOTHING = "The documents do not say."
"""The reference of an unanswerable question, for Ragas has no word for one."""
FIX = "See docs/rag-evaluation.md for what Ragas has there."
_ROLES = {"human": "user", "ai": "assistant"}


def is_row(row: Row) -> bool:
    """Whether a line is one of Ragas'."""
    return "user_input" in row


def read_row(row: Row, where: str, number: int) -> GroundedQuestion:
    """A question of one of Ragas' samples; its answers of then (`response`) are not read.

    A `reference` that says that it is not known makes an unanswerable question.

    Raises:
        QuestionError: a field of the wrong type.
    """
    *before, asked = _conversation(row["user_input"], where)
    reference = row.get("reference")
    if reference is not None and not isinstance(reference, str):
        raise fault(where, f"`reference` is {seen(reference)}", FIX)
    answer = (reference or "").strip()
    nothing = bool(answer) and abstains(answer)
    return GroundedQuestion(
        id=f"q{number:04d}",
        question=asked.content,
        answers=(answer,) if answer and not nothing else (),
        unanswerable=nothing,
        gold=tuple(Gold(text=text) for text in _texts(row, "reference_contexts", where)),
        history=tuple(before),
    )


def rows_of(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """One sample per question: a failed one has an empty response, so that none is dropped."""
    return [_row(case) for case in cases]


def as_jsonl(cases: Iterable[Case]) -> str:
    """What `EvaluationDataset.from_jsonl` reads."""
    return "".join(f"{msgspec.json.encode(row).decode()}\n" for row in rows_of(cases))


def _row(case: Case) -> dict[str, Any]:
    question, reply = case.question, case.reply
    reference = SAYS_NOTHING if question.unanswerable else next(iter(question.answers), None)
    row: dict[str, Any] = {
        "user_input": _asked(question),
        "retrieved_contexts": [source.text for source in case.found],
        "response": reply.text if reply else "",
    }
    if reference is not None:
        row["reference"] = reference
    if texts := [text for gold in question.gold if (text := gold.text or gold.around)]:
        row["reference_contexts"] = texts
    return row


def _asked(question: GroundedQuestion) -> str:
    """Ragas measures retrieval on single turns only: a conversation is one text."""
    if not question.history:
        return question.question
    said = [f"{message.role}: {message.content}" for message in question.history]
    return "\n".join([*said, f"user: {question.question}"])


def _conversation(value: object, where: str) -> list[Message]:
    turns = [value] if isinstance(value, str) else value
    if not isinstance(turns, list) or not turns:
        raise fault(where, f"`user_input` is {seen(value)}", FIX)
    messages = [_message(turn, where) for turn in cast("list[Any]", turns)]
    if messages[-1].role != "user":
        raise fault(where, "`user_input` does not end with a human's turn", FIX)
    return messages


def _message(turn: object, where: str) -> Message:
    if not isinstance(turn, str | dict):
        raise fault(where, f"`user_input` has {seen(turn)}", FIX)
    fields: Row = {"type": "human", "content": turn} if isinstance(turn, str) else cast("Row", turn)
    content, role = fields.get("content"), _ROLES.get(str(fields.get("type")))
    if not isinstance(content, str) or not 0 < len(content.strip()) <= MAX_PROMPT_CHARS:
        raise fault(where, f"`user_input` has {seen(content)}", FIX)
    if role is None:
        raise fault(where, f"`user_input` has a turn of type {seen(fields.get('type'))}", FIX)
    return Message(role="user" if role == "user" else "assistant", content=content.strip())


def _texts(row: Row, name: str, where: str) -> list[str]:
    value: Any = row.get(name) or list[Any]()
    if not isinstance(value, list) or not all(
        isinstance(one, str) for one in cast("list[Any]", value)
    ):
        raise fault(where, f"`{name}` is {seen(cast('object', value))}", FIX)
    return [text for text in cast("list[str]", value) if text.strip()]
