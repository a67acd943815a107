"""How many words a good answer to a question needs."""

from collections.abc import Callable
from typing import Any

import msgspec

from sprat.questions.rubric.prompt import ending_asked, words_allowed
from sprat.questions.scorers.base import Json, as_list
from sprat.questions.scorers.match import options
from sprat.types import Question

FACT_WORDS = 12
"""To say one key fact in a sentence with its neighbours."""
AROUND_WORDS = 6
"""Around an answer of a few words: "It takes place in …"."""
WORKED_WORDS = 40
"""A line or two of working, and the answer."""
ABSTAIN_WORDS = 8
"""To say that it is not known, and of what."""


def need_words(question: Question) -> int | None:
    """The words that the best answer needs at most; None: nothing tells.

    A number of words or sentences that the question itself sets comes first. Else it follows from
    what is expected: its own length and a little around it; `FACT_WORDS` for each key fact. It is
    room, not a norm: less is never too short here, since what is missing is not what is too much.
    """
    if question.scorer == "abstain":
        return ABSTAIN_WORDS
    if question.expected is None or question.scorer not in _NEEDS:
        return words_allowed(question)
    return _NEEDS[question.scorer](question, question.expected)


def _of_number(question: Question, _expected: Json) -> int:
    return WORKED_WORDS if ending_asked(question) else 2 * AROUND_WORDS


def _of_fields(_question: Question, expected: Json) -> int:
    """Twice the fields: each has a name and a value."""
    return 2 * (msgspec.json.encode(expected).count(b":") + 1)


def _of_label(_question: Question, expected: Json) -> int:
    return _longest(expected["label"])


def _of_words(_question: Question, expected: Json) -> int:
    return _longest(options(expected)[0])


def _longest(accepted: Json) -> int:
    return max(len(str(option).split()) for option in as_list(accepted))


def _of_facts(question: Question, expected: Json) -> int | None:
    rules: dict[str, Any] = expected.get("rules", {})
    if "max_words" in rules:
        return int(rules["max_words"])
    if (allowed := words_allowed(question)) is not None:
        return allowed
    if "equals" in rules:
        return _longest(rules["equals"])
    facts = len(expected.get("facts", []))
    return FACT_WORDS * facts if facts else None


_NEEDS: dict[str, Callable[[Question, Json], int | None]] = {
    "numeric": _of_number,
    "json": _of_fields,
    "label": _of_label,
    "exact": _of_words,
    "f1": _of_words,
    "contains": lambda question, expected: _of_words(question, expected) + AROUND_WORDS,
    "facts": _of_facts,
    "format": _of_facts,
}
