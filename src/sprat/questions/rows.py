"""One row of a question file → one `Question`; every fault is named with the value seen."""

import re
from typing import Any, cast

from sprat.errors import QuestionError
from sprat.questions.options import is_choice, letter_of, lettered
from sprat.questions.scorers import SCORERS
from sprat.questions.scorers.base import Json
from sprat.types import Message, Question

MAX_PROMPT_CHARS = 200_000
MAX_TOKENS = 32_768
DEFAULT_MAX_TOKENS = 256
COLUMNS = (
    "question", "prompt", "expected", "answer", "kind", "scorer", "choices", "system", "id",
    "max_tokens", "language", "tags",
)  # fmt: skip
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

Row = dict[str, Any]


def to_question(row: Row, where: str, number: int) -> Question:
    """Make a question of a row of the user's own file (columns: docs/questions.md).

    `where` names the place for messages ("faq.csv, line 7"); `number` gives the id when the row
    has none.

    Raises:
        QuestionError: an unknown column, or a value that cannot be used.
    """
    _no_unknown(row, where)
    prompt = _prompt(row, where)
    scorer, expected = _judged(row, where)
    if scorer == "choice" and expected is not None:
        prompt = f"{prompt}\n\n{lettered(expected['options'])}"
    return Question(
        id=_text(row, "id", where) or f"q{number:04d}",
        kind=_text(row, "kind", where) or "own",
        messages=_messages(_text(row, "system", where), prompt),
        scorer=scorer,
        expected=expected,
        max_tokens=_max_tokens(row, where),
        language=_language(row, where),
        tags=_tags(row, where),
    )


def fault(where: str, what: str, fix: str) -> QuestionError:
    """Return the one-line error for a place in a file."""
    return QuestionError(f"{where}: {what}.", fix=fix)


def seen(value: object) -> str:
    """Return a value as an error shows it: quoted, and short."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "…" + shown[-1]


def _no_unknown(row: Row, where: str) -> None:
    unknown = [name for name in row if name not in COLUMNS]
    if unknown:
        raise fault(
            where, f"unknown column {seen(unknown[0])}", f"Columns are {', '.join(COLUMNS)}."
        )


def _either(row: Row, first: str, second: str, where: str) -> Json:
    given = [name for name in (first, second) if row.get(name) not in (None, "")]
    if len(given) == 2:
        raise fault(where, f"has both `{first}` and `{second}`", "Keep one of them.")
    return row[given[0]] if given else None


def _prompt(row: Row, where: str) -> str:
    prompt = _either(row, "prompt", "question", where)
    if not isinstance(prompt, str) or not prompt.strip():
        raise fault(where, f"the prompt is {seen(prompt)}", "Give `prompt` (or `question`) a text.")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise fault(
            where,
            f"the prompt has {len(prompt)} characters",
            f"At most {MAX_PROMPT_CHARS} are read.",
        )
    return prompt.strip()


def _text(row: Row, name: str, where: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and name == "id" and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise fault(where, f"`{name}` is {seen(value)}", "It must be a text.")
    if len(value) > (MAX_PROMPT_CHARS if name == "system" else 200):
        raise fault(where, f"`{name}` is {seen(value)}", "That is too long.")
    return value.strip()


def _messages(system: str, prompt: str) -> tuple[Message, ...]:
    user = Message(role="user", content=prompt)
    return (Message(role="system", content=system), user) if system else (user,)


def _judged(row: Row, where: str) -> tuple[str, Any]:
    """The scorer's name (chosen by what is given, unless named) and what it compares with."""
    expected, choices = _either(row, "expected", "answer", where), _choices(row, where)
    scorer = _text(row, "scorer", where) or default_scorer(expected, choices)
    if scorer not in SCORERS:
        raise fault(where, f"unknown scorer {seen(scorer)}", f"Use one of {', '.join(SCORERS)}.")
    if expected is None:
        return scorer, None
    if choices and scorer == "label":
        expected = {"label": expected, "labels": choices}
    if choices and scorer == "choice":
        expected = {"answer": _letter(expected, choices, where), "options": choices}
    if wrong := SCORERS[scorer].check(expected):
        raise fault(
            where, f"`expected` for the scorer {scorer!r} is {wrong}", "See docs/questions.md."
        )
    return scorer, expected


def default_scorer(expected: Json, choices: list[str]) -> str:
    """Return the scorer for what a row gives: nothing → none, choices → label, and so on."""
    if expected is None:
        return "none"
    if choices:
        return "choice" if is_choice(expected, choices) else "label"
    if isinstance(expected, dict):
        keys = set(cast("dict[str, Any]", expected))
        return "facts" if "facts" in keys and keys <= {"facts", "rules"} else "json"
    if isinstance(expected, (int, float)) and not isinstance(expected, bool):
        return "numeric"
    return "numeric" if isinstance(expected, str) and _is_number(expected) else "contains"


def _letter(expected: Json, options: list[str], where: str) -> str:
    letter = letter_of(expected, options)
    if letter is None:
        fix = f"Give an index from 0 to {len(options) - 1}, a letter, or an option's text."
        raise fault(where, f"`answer` is {seen(expected)}, none of the choices", fix)
    return letter


def _is_number(text: str) -> bool:
    return (
        re.fullmatch(r"[-+]?[$€£]?\d{1,15}(?:,\d{3})*(?:\.\d{1,12})?%?", text.strip()) is not None
    )


def _choices(row: Row, where: str) -> list[str]:
    return _list(row, "choices", where)


def _max_tokens(row: Row, where: str) -> int:
    value = row.get("max_tokens")
    if value is None or value == "":
        return DEFAULT_MAX_TOKENS
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_TOKENS:
        raise fault(
            where, f"`max_tokens` is {seen(value)}", f"Give a number from 1 to {MAX_TOKENS}."
        )
    return value


def _language(row: Row, where: str) -> str:
    language = _text(row, "language", where) or "en"
    if not _LANGUAGE.fullmatch(language):
        raise fault(where, f"`language` is {seen(language)}", "Give a tag such as en, ms or sw.")
    return language


def _tags(row: Row, where: str) -> tuple[str, ...]:
    return tuple(_list(row, "tags", where))


def _list(row: Row, name: str, where: str) -> list[str]:
    value: Json = row.get(name)
    if value is None or value == "":
        return []
    if isinstance(value, str):
        value = [part.strip() for part in value.split("|")]
    items: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [None]
    if not all(isinstance(item, str) and item for item in items):
        raise fault(
            where, f"`{name}` is {seen(row[name])}", "Give a list of texts, or texts between |."
        )
    return items
