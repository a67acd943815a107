"""What a scorer is."""

from collections.abc import Callable
from typing import Any, cast

import msgspec

from sprat.types import Question, Verdict

Json = Any
"""Whatever JSON can hold."""

Grade = Callable[[Question, str, str | None], Verdict]
Check = Callable[[Any], str | None]


class Scorer(msgspec.Struct, frozen=True, kw_only=True):
    """A named, pure way to judge an answer."""

    name: str
    grade: Grade
    """(question, text, finish) to a verdict; `finish` is why the text ended, None if unknown."""
    check: Check
    """(expected) to what is wrong with its shape, or None: files are checked when loaded."""
    right_at: float = 1.0
    """Where a yes or no is needed, a value of this or more is "right"."""
    summary: str


def unscored(scorer: str, why: str = "nothing to compare with") -> Verdict:
    """Return the verdict that is left out of every mean: never 0 for what was not judged."""
    return Verdict(scorer=scorer, value=None, why=why)


def as_list(value: Json) -> list[Any]:
    """Return `value` if it is a list, else a list of it alone."""
    if isinstance(value, (list, tuple)):
        return list(cast("list[Any]", value))
    return [value]


def check_texts(expected: Json) -> str | None:
    """Say what is wrong with an `expected` that must be a text or a list of accepted texts."""
    options = as_list(expected)
    if not options:
        return "an empty list"
    bad = [item for item in options if not isinstance(item, (str, int, float)) or item == ""]
    return f"{bad[0]!r}, which is no text" if bad else None


def texts(expected: Json) -> list[str]:
    """Return the accepted answers as texts."""
    return [str(item) for item in as_list(expected)]
