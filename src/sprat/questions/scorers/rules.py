"""Named rules about the form of a text. Each says how far it holds, 0 to 1."""

import re
from collections.abc import Callable
from typing import Any

from sprat.questions.scorers.words import fold, names, tokens

_BULLET = re.compile(r"^\s*[-*\u2022\u2013]\s+\S")
_NUMBERED = re.compile(r"^\s*(\d+)[.)]\s+\S")
_ISO = re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")
_LEAD_IN = re.compile(r"\A[^\n]{1,120}:\s*\n")
_SMALL = "a an and as at but by for from in into nor of on or per the to up via vs with"
_SMALL_WORDS = frozenset(_SMALL.split())
_EMPHASIS = re.compile(r"\*\*|__|^#+\s*", re.MULTILINE)

Rule = Callable[[str, Any], float]


def lines(text: str) -> list[str]:
    """Return the lines of `text` that hold something."""
    return [line for line in text.splitlines() if line.strip()]


def _listed(text: str, pattern: re.Pattern[str]) -> list[str]:
    """Lines of a list, without one lead-in line ("Here are the steps:"); [] if others remain."""
    found = lines(_LEAD_IN.sub("", text.strip() + "\n"))
    return found if all(pattern.match(line) for line in found) else []


def bullets(text: str, count: int) -> float:
    """The text is a list of `count` bullets (-, * or •) and at most a lead-in line."""
    return float(len(_listed(text, _BULLET)) == count)


def numbered(text: str, count: int) -> float:
    """The text is a list numbered 1 to `count`, and at most a lead-in line."""
    found = [_NUMBERED.match(line) for line in _listed(text, _NUMBERED)]
    return float([int(match[1]) for match in found if match] == list(range(1, count + 1)))


def max_words(text: str, limit: int) -> float:
    """At most `limit` words; beyond that limit/words: a little long is a little wrong."""
    count = len(text.split())
    return 1.0 if count <= limit else limit / count


def max_chars(text: str, limit: int) -> float:
    """At most `limit` characters."""
    return float(len(text.strip()) <= limit)


def line_count(text: str, count: int) -> float:
    """Exactly `count` lines that hold something."""
    return float(len(lines(text)) == count)


def sentences(text: str, limit: int) -> float:
    """At most `limit` sentences."""
    return float(len(re.findall(r"[.!?](?=\s|$)|[^.!?\s]\s*$", text.strip())) <= limit)


def starts_with(text: str, start: str) -> float:
    """The text begins with `start`, case included."""
    return float(_EMPHASIS.sub("", text).strip().startswith(start))


def ends_with(text: str, end: str) -> float:
    """The text ends with `end`, case included."""
    return float(_EMPHASIS.sub("", text).strip().endswith(end))


def regex(text: str, pattern: str) -> float:
    """The regular expression matches somewhere in the text; `^` and `$` are the whole text's."""
    return float(re.search(pattern, text.strip()) is not None)


def excludes(text: str, banned: list[str]) -> float:
    """None of these words or phrases occurs (whole words, any case)."""
    words = tokens(text)
    return float(not any(names(words, word) for word in banned))


def iso_dates(text: str, dates: list[str]) -> float:
    """Exactly these dates occur in the form YYYY-MM-DD, in this order."""
    return float(_ISO.findall(text) == list(dates))


def title_case(text: str, _: bool) -> float:
    """Every word but the small ones (a, of, the, …) begins with a capital; first and last do."""
    words = re.findall(r"[^\W\d_][\w'\u2019-]*", text)
    if not words:
        return 0.0
    inner = [word for word in words[1:-1] if word.casefold() not in _SMALL_WORDS]
    return float(
        all(word[0].isupper() for word in [words[0], *inner, words[-1]]) and not text.isupper()
    )


def upper(text: str, _: bool) -> float:
    """No small letters."""
    return float(text == text.upper() and text != text.lower())


def lower(text: str, _: bool) -> float:
    """No capitals."""
    return float(text == text.lower() and text != text.upper())


def table_row(text: str, cells: list[str]) -> float:
    """One Markdown table row (or the last row of a table) has these cells, in order."""
    rows = [line.strip() for line in lines(text) if "|" in line]
    if not rows:
        return 0.0
    given = [fold(cell).strip(" *`") for cell in rows[-1].strip("|").split("|")]
    return float(given == [fold(cell) for cell in cells])


def equals(text: str, wanted: str | list[str]) -> float:
    """The text is one of these, up to white space and a full stop at its end."""
    options = [wanted] if isinstance(wanted, str) else wanted
    return float(_spaced(text) in [_spaced(option) for option in options])


def _spaced(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


RULES: dict[str, Rule] = {
    "bullets": bullets,
    "numbered": numbered,
    "max_words": max_words,
    "max_chars": max_chars,
    "lines": line_count,
    "sentences": sentences,
    "starts_with": starts_with,
    "ends_with": ends_with,
    "regex": regex,
    "excludes": excludes,
    "iso_dates": iso_dates,
    "title_case": title_case,
    "upper": upper,
    "lower": lower,
    "table_row": table_row,
    "equals": equals,
}
_ARGUMENT: dict[str, type | tuple[type, ...]] = {
    "bullets": int,
    "numbered": int,
    "max_words": int,
    "max_chars": int,
    "lines": int,
    "sentences": int,
    "starts_with": str,
    "ends_with": str,
    "regex": str,
    "excludes": list,
    "iso_dates": list,
    "title_case": bool,
    "upper": bool,
    "lower": bool,
    "table_row": list,
    "equals": (str, list),
}


def check_rules(rules: dict[str, Any]) -> str | None:
    """Say what is wrong with a mapping of rules, or None."""
    for name, argument in rules.items():
        if name not in RULES:
            return f"the rule {name!r}, which is none of {', '.join(RULES)}"
        if not isinstance(argument, _ARGUMENT[name]):
            return f"the rule {name!r} with {argument!r}, which is of the wrong type"
        if name == "regex" and (fault := _bad_pattern(argument)):
            return f"the pattern {argument!r}: {fault}"
    return None


def _bad_pattern(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return None
