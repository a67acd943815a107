"""Compares JSON by what it says."""

import math
import re
import unicodedata
from typing import Any, cast

import msgspec

from sprat.questions.scorers.base import Json, Scorer, unscored
from sprat.types import Question, Verdict

_FENCED = re.compile(r"```(?:json|JSON)?[ \t]*\n(.*?)```", re.DOTALL)
_OPENING = re.compile(r"[\[{]")
_TRIES = 50


def json_fields(question: Question, text: str, _finish: str | None = None) -> Verdict:
    """The share of fields that are right in the JSON of the answer; 1 when it is all right.

    The JSON is the first that parses and has the expected type: in a code fence, else anywhere in
    the text; prose around it is looked through, since a program can look through it too. JSON
    that does not parse (or was cut off) is 0: nothing can be read from it.

    For objects the value is (fields right) / (fields expected or given), so that an invented
    field costs as much as a missing one; a field is right as a whole. Anything else is 1 or 0.
    Order of keys does not matter, order of lists does. 1 equals 1.0, but not "1": the type is part
    of what was asked for. Strings are equal up to case, Unicode form and white space. Where
    several spellings are right, `expected` holds `{"$any": [...]}`.
    """
    if question.expected is None:
        return unscored("json")
    found, given = read_json(text, question.expected)
    if not found:
        return Verdict(scorer="json", value=0.0, why="no JSON of that type in it")
    shown = msgspec.json.encode(given).decode()[:400]
    value, why = _compare(question.expected, given)
    return Verdict(scorer="json", value=value, answer=shown, why=why)


def read_json(text: str, like: Json = None) -> tuple[bool, Any]:
    """Return whether JSON of the type of `like` (None: any) stands in `text`, and its value."""
    kinds = cast("Any", (dict, list) if like is None else type(like))
    for candidate in [*_FENCED.findall(text), text]:
        for value in _values(candidate):
            if isinstance(value, kinds):
                return True, value
    return False, None


def _values(text: str) -> list[Any]:
    values: list[Any] = []
    try:
        return [msgspec.json.decode(text)]
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        pass
    starts = [match.start() for match in _OPENING.finditer(text)][:_TRIES]
    end = 0
    for start in starts:
        if start >= end and (found := _decode_at(text, start)):
            values.append(found[0])
            end = found[1]
    return values


def _decode_at(text: str, start: int) -> tuple[Any, int] | None:
    import json

    try:
        return json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None


def _compare(expected: Json, given: Json) -> tuple[float, str]:
    if not isinstance(expected, dict) or not isinstance(given, dict) or "$any" in expected:
        hit = equal(expected, given)
        return float(hit), "equal" if hit else "not equal"
    wanted, have = cast("dict[str, Any]", expected), cast("dict[str, Any]", given)
    keys = list(dict.fromkeys([*wanted, *have]))
    wrong = [
        key
        for key in keys
        if key not in wanted or key not in have or not equal(wanted[key], have[key])
    ]
    if not keys or not wrong:
        return 1.0, "every field right"
    return 1 - len(wrong) / len(keys), f"wrong: {', '.join(wrong)[:120]}"


def equal(expected: Json, given: Json) -> bool:
    """Say whether two JSON values mean the same; see `json_fields` for what that is."""
    if isinstance(expected, dict) and "$any" in expected:
        return any(
            equal(option, given) for option in cast("dict[str, list[Any]]", expected)["$any"]
        )
    if isinstance(expected, dict) and isinstance(given, dict):
        one, other = cast("dict[str, Any]", expected), cast("dict[str, Any]", given)
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(expected, (list, tuple)) and isinstance(given, (list, tuple)):
        left, right = cast("list[Any]", expected), cast("list[Any]", given)
        return len(left) == len(right) and all(map(equal, left, right))
    return _equal_scalars(expected, given)


def _equal_scalars(expected: Json, given: Json) -> bool:
    if isinstance(expected, bool) or isinstance(given, bool):
        return expected is given
    if isinstance(expected, (int, float)) and isinstance(given, (int, float)):
        return math.isclose(expected, given, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(expected, str) and isinstance(given, str):
        return _same(expected) == _same(given)
    return type(expected) is type(given) and expected == given


def _same(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _check(expected: Json) -> str | None:
    return (
        None if isinstance(expected, (dict, list)) else f"{expected!r}, which is no object or list"
    )


JSON = Scorer(
    name="json", grade=json_fields, check=_check, summary="share of JSON fields that are right"
)
