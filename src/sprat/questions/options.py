"""Multiple choice: lettered options in the prompt, in the file's order or shuffled by a seed."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from sprat.questions.scorers.base import Json
from sprat.questions.scorers.choice import LETTERS
from sprat.types import Question

_POINTS_AT_OTHERS = re.compile(
    r"\b(?:above|below|both|neither|all of|none of|(?-i:[A-Z]) (?:and|or) (?-i:[A-Z])"
    r"|di atas|zote|yote)\b",
    re.IGNORECASE,
)
"""Options that only mean something where they stand."""


def lettered(options: Sequence[str]) -> str:
    """The options as a prompt shows them, and how to reply."""
    letters = LETTERS[: len(options)]
    lines = [f"{letter}) {option}" for letter, option in zip(letters, options, strict=True)]
    which = f"{', '.join(letters[:-1])} or {letters[-1]}"
    return "\n".join(lines) + f"\n\nReply with the letter of the right option: {which}."


def is_choice(answer: Json, options: Sequence[str]) -> bool:
    """Whether `answer` names one of `options` by its place: an index from 0, or a letter.

    A text that is itself an option is a label: `["yes", "no"]` and "yes", or `["A", "B"]` and "A".
    """
    if isinstance(answer, str) and answer in options:
        return False
    return letter_of(answer, options) is not None


def letter_of(answer: Json, options: Sequence[str]) -> str | None:
    """The letter of an index from 0, of a letter, or of an option's text; None: it is none."""
    letters = LETTERS[: len(options)]
    if isinstance(answer, int) and not isinstance(answer, bool):
        return letters[answer] if 0 <= answer < len(letters) else None
    if not isinstance(answer, str):
        return None
    if answer in options:
        return LETTERS[list(options).index(answer)]
    if answer.isascii() and answer.isdigit() and len(answer) < 3:  # a table holds only texts
        return letter_of(int(answer), options)
    return answer if len(answer) == 1 and answer in letters else None


def shuffled(question: Question, seed: int) -> Question:
    """The question with its options in another order, drawn by the seed and its id.

    Left alone: what is no multiple choice, and where an option speaks of the others by their
    place ("all of the above", "A and C").
    """
    if question.scorer != "choice" or question.expected is None:
        return question
    fields = cast("dict[str, Any]", question.expected)
    options = [str(option) for option in fields["options"]]
    old = lettered(options)
    last = question.messages[-1]
    if not last.content.endswith(old) or any(map(_POINTS_AT_OTHERS.search, options)):
        return question
    order = sorted(options, key=lambda option: _draw(seed, question.id, option))
    right = options[LETTERS.index(fields["answer"])]
    said = msgspec.structs.replace(last, content=last.content.removesuffix(old) + lettered(order))
    return msgspec.structs.replace(
        question,
        messages=(*question.messages[:-1], said),
        expected={"answer": LETTERS[order.index(right)], "options": order},
    )


def _draw(seed: int, name: str, option: str) -> str:
    return hashlib.sha256(f"{seed}\0{name}\0{option}".encode()).hexdigest()
