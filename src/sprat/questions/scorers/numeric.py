"""Reads the number that an answer ends in."""

import math
import re
from typing import Any, cast

from sprat.questions.scorers.base import Json, Scorer, unscored
from sprat.questions.scorers.words import fold
from sprat.types import Question, Verdict

RELATIVE_TOLERANCE = 1e-6
"""Enough for 33.333333, too little for a neighbouring whole number below a million."""

_DIGITS = r"\d+(?:[.,]\d+)*|\.\d+"
_NUMBER = re.compile(
    rf"(?<!\w)(?<!\d\.)(?P<sign>[-\u2212+](?=[$€£]?\s?[\d.]))?(?:rm|ksh|tsh|usd|eur|[$€£])?\s?"
    rf"(?:(?P<whole>\d+)\s+(?=\d+\s*/\s*\d))?(?P<top>{_DIGITS})(?:\s?/\s?(?P<below>{_DIGITS})(?![\d/]))?"
)
_FRAC = re.compile(r"\\[dt]?frac\s*\{([^{}]+)\}\s*\{([^{}]+)\}")
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_UNFINISHED = re.compile(r"[\d.,]+\Z")
_GSM8K = re.compile(r"####\s*(.+)")
_ANSWER = re.compile(
    r"(?:\b(?:final )?answer(?: is|\s*:|\s*=)|\bjawapan(?:nya)?(?: ialah| adalah|\s*:)"
    r"|\bjibu(?: ni|\s*:))[\s*:]*([^\n]*)"
)
_LATEX = re.compile(
    r"\\(?:text|mathrm|mathbf)\s*\{([^{}]*)\}|\\[,;!() ]|\\\[|\\\]|\$(?=\\)|[{}*]|\\"
)


def numeric(question: Question, text: str, finish: str | None = None) -> Verdict:
    r"""1 if the number that the answer ends in is the expected one, else 0.

    Looked for in this order: the last `\boxed{…}`; the last `#### …` (GSM8K's own mark); the last
    "answer is …" or "Answer: …" (also "jawapan", "jibu"); the last number of the text. The last
    one is a guess about a finished answer, so it is not made when the text was cut off
    (`finish="length"`): there the last number is a step on the way, and crediting it by luck is a
    known way to flatter a small model; nor is a number read that the cut may have gone through.
    Read as numbers: thousands separators, decimal commas, currencies, LaTeX, fractions (3/4,
    1 1/2, ½), percent. Units are not compared.

    `expected` is a number, a text that holds one ("1,250", "15%", "3/4"), or a mapping with
    `value` and `tolerance` (absolute). With "15%", 0.15 is right too.

    Source: https://github.com/openai/grade-school-math (the `####` mark and `is_correct`)
    """
    if question.expected is None:
        return unscored("numeric")
    wanted, tolerance, percent = _wanted(question.expected)
    given, where = read_number(text, cut_off=finish == "length")
    if given is None:
        return Verdict(scorer="numeric", value=0.0, why=where)
    targets = [wanted, wanted / 100] if percent else [wanted]
    hit = any(_close(given, target, tolerance) for target in targets)
    why = f"{given:g} ({where})" + ("" if hit else f", not {wanted:g}")
    return Verdict(scorer="numeric", value=float(hit), answer=f"{given:g}", why=why)


def read_number(text: str, *, cut_off: bool = False) -> tuple[float | None, str]:
    """Return the number that `text` answers with, and where it stood or why there is none."""
    plain = fold(_FRAC.sub(r" \1/\2 ", text)).replace("\u2044", "/").replace("{,}", ",")
    if cut_off:
        plain = _UNFINISHED.sub("", plain)
    for where, pattern in (("boxed", _BOXED), ("after ####", _GSM8K), ("after 'answer'", _ANSWER)):
        for part in reversed(pattern.findall(plain)):
            if found := _stated(part):
                return found[0], where
    if cut_off:
        return None, "cut off before it stated an answer"
    found = numbers(plain)
    return (found[-1], "last number") if found else (None, "no number in it")


def _stated(part: str) -> list[float]:
    """Numbers of a stated answer, the result first: "12 / 4 = 3 apples" states 3."""
    return numbers(part.rsplit("=", 1)[-1]) or numbers(part)


def numbers(text: str) -> list[float]:
    """Return every number of `text` (already folded), in order."""
    return [
        value
        for match in _NUMBER.finditer(_LATEX.sub(r" \1 ", text))
        if (value := _value(match)) is not None
    ]


def _value(match: re.Match[str]) -> float | None:
    value = _decimal(match["top"])
    if match["below"]:
        below = _decimal(match["below"])
        value = value / below if below else math.inf
    value += float(match["whole"] or 0)
    if not math.isfinite(value):
        return None
    return -value if match["sign"] in ("-", "\u2212") else value


def _decimal(digits: str) -> float:
    """Read "1,250", "1,250.50", "1.250,50", "1.250.000" and "3,5".

    One comma before exactly three digits separates thousands ("1,250"); one dot never does.
    """
    comma, dot = digits.rfind(","), digits.rfind(".")
    if comma > dot >= 0:
        digits = digits.replace(".", "").replace(",", ".")
    elif comma >= 0 and dot < 0 and digits.count(",") == 1 and len(digits) - comma != 4:
        digits = digits.replace(",", ".")
    digits = digits.replace(",", "")
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    return float(digits)


def _wanted(expected: Json) -> tuple[float, float | None, bool]:
    if isinstance(expected, dict):
        fields = cast("dict[str, Any]", expected)
        value, _, percent = _wanted(fields["value"])
        return value, float(fields.get("tolerance", 0)), percent
    if isinstance(expected, str):
        found = numbers(fold(expected).replace("\u2044", "/"))
        return found[-1], None, "%" in expected
    return float(expected), None, False


def _close(given: float, wanted: float, tolerance: float | None) -> bool:
    if tolerance is None:
        return math.isclose(given, wanted, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-9)
    return abs(given - wanted) <= tolerance + 1e-9


def _check(expected: Json) -> str | None:
    try:
        value, _, _ = _wanted(expected)
    except (IndexError, KeyError, TypeError, ValueError):
        return f"{expected!r}, which is no number"
    return None if math.isfinite(value) else f"{expected!r}, which is no finite number"


NUMERIC = Scorer(
    name="numeric",
    grade=numeric,
    check=_check,
    summary="the number that the answer ends in is the expected one",
)
