"""Picks a lettered option out of free text: multiple choice for models that only chat."""

import re
from collections.abc import Sequence
from typing import Any, cast

from sprat.questions.scorers.base import Json, Scorer, unscored
from sprat.questions.scorers.label import read_labels
from sprat.questions.scorers.words import bare, normalize
from sprat.types import Question, Verdict

MAX_CHARS = 8_000
"""Of an answer; of a longer one its begin and its end are read, where a choice is told."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARKS = r"[\s*_`\"'$(\[{]*"
_CLOSING = r"[*_`\"'$)\]}]*"
_AND = r"(?:,|/|&|\band\b|\bor\b|\bdan\b|\batau\b|\bna\b|\bau\b)"
_LETTER = r"(?:(?-i:[A-Z])(?!\w|['\u2019]\w)|[a-z](?=" + _CLOSING + r"(?:[.,:;!?)\n]|\Z)))"
"""A capital that stands alone; a small letter only where something ends behind it."""
_SPACE = re.compile(r"\s+")
"""Made one character, so that a page of blanks costs no more than a word."""
_ARTICLE = re.compile(r"[AI]" + _CLOSING + r"\s+(?!because|since|as |and|or|is\b|but)[a-z]")
"""'A dog', 'I think': no option."""

_BOXED = re.compile(r"\\boxed\s*\{\s*(?:\\(?:text|mathrm|textbf)\s*\{)?\W*([A-Za-z])\b")
_STATED = re.compile(
    r"\b(?:answer|option|choice|jawapan(?:nya)?|jibu)\b"
    r"(?:\s+(?:sahihi|yang betul|betul|should|would|must))?"
    r"\s*(?:\*\*)?\s*(?::|=|\bis\b|\bbe\b|\bialah\b|\badalah\b|\bni\b)\s*(?:\*\*)?\s*"
    r"(?:clearly\s+|probably\s+|option\s+|choice\s+|pilihan\s+|chaguo\s+)?"
    + _MARKS + "(?P<first>" + _LETTER + ")" + _CLOSING
    + r"(?P<more>(?:\s*" + _AND + r"\s*" + _MARKS + r"(?-i:[A-Z])\b" + _CLOSING + ")*)",
    re.IGNORECASE,
)  # fmt: skip
_LEAD = re.compile(
    r"\A(?:option|choice|pilihan|chaguo)?" + _MARKS + r"(?P<first>[A-Za-z])"
    r"(?:" + _CLOSING + r"\s*(?:[).:\]]|\Z|\n|\s[-\u2013\u2014]\s)|[)\]*]"
    r"|(?P<more>(?:\s*" + _AND + r"\s*" + _MARKS + r"(?-i:[A-Z])\b" + _CLOSING + ")+))",
    re.IGNORECASE,
)  # fmt: skip
_LISTED = re.compile(r"^" + _MARKS + r"([A-Z])" + _CLOSING + r"[).:]", re.MULTILINE)
_MARKED = re.compile(r"(?:\b(?:option|choice|pilihan|chaguo)\s+|\()([A-Z])\b", re.IGNORECASE)
_ALONE = re.compile(r"(?<![\w'\u2019])([A-Z])(?![\w'\u2019])")
_DENIED = re.compile(
    r"(?:\b(?:not|never|neither|nor|than|of|bukan|si|sio|except)|n['\u2019]t(?: be)?)\s+"
    r"(?:the\s+)?(?:option\s+|choice\s+|pilihan\s+|chaguo\s+)?[(\"'*]*[A-Z]\b[)\"'*]*"
    r"|(?:\b(?:option|choice|pilihan|chaguo)\s+)?[(\"'*]*\b(?-i:[A-Z])\b[)\"'*]*\s+"
    r"(?:(?:is|was|would\s+be|looks|seems)\s+(?:clearly\s+|simply\s+|also\s+)?"
    r"(?:not|wrong|incorrect|false)\b|(?:is|was)n['\u2019]t\b|(?:adalah\s+)?salah\b"
    r"|(?:tidak|bukan)\b|si\s+sahihi\b)",
    re.IGNORECASE,
)  # fmt: skip
"""'Not A', and 'A is wrong'."""


def choice(question: Question, text: str, finish: str | None = None) -> Verdict:
    r"""1 if the answer chooses the expected option and no other, else 0.

    What it chooses is read in this order, and the first that says anything decides: the last
    `\boxed{B}`; the last "the answer is (B)"; the whole answer being an option's text; a letter
    in front ("B.", "B) Paris"); letters marked as options; one option's text within the answer; one
    capital letter alone. Two different ones are no choice: a reader could not mark it. "Not A but
    B" is B. An answer cut off before it came to a letter chose nothing, whatever it weighed.
    `expected` is a mapping: `answer` (a letter) and `options` (texts).

    Source: Hendrycks et al. (2021), arXiv:2009.03300 (the task); the patterns extend
    https://github.com/openai/simple-evals (`common.py`), which reads "Answer: B" alone.
    """
    if question.expected is None:
        return unscored("choice")
    fields = cast("dict[str, Any]", question.expected)
    wanted, options = str(fields["answer"]), [str(one) for one in fields["options"]]
    named = read_choice(text, options, cut=finish == "length")
    return Verdict(
        scorer="choice",
        value=float(named == [wanted]),
        answer=", ".join(named) or None,
        why=_why(named, wanted, cut=finish == "length"),
    )


def read_choice(text: str, options: Sequence[str], *, cut: bool = False) -> list[str]:
    """The letters of the options that `text` chooses: one when it is clear."""
    known = LETTERS[: len(options)]
    text = _SPACE.sub(lambda run: "\n" if "\n" in run[0] else " ", text)
    if len(text) > MAX_CHARS:
        text = f"{text[: MAX_CHARS // 2]}\n{text[-MAX_CHARS // 2 :]}"
    for found in _stated(text, options):
        if letters := _known(found, known):
            return letters
    return [] if cut else _mentioned(text, options, known)


def _stated(text: str, options: Sequence[str]) -> list[list[str]]:
    """What is said outright, the surest first."""
    boxed, stated = _BOXED.findall(text), list(_STATED.finditer(text))
    said = [match for match in stated if not _ARTICLE.match(text[match.start("first") :])]
    return [
        [boxed[-1]] if boxed else [],
        _letters(said[-1]) if said else [],
        _whole(text, options),
        _leading(bare(text)),
    ]


def _whole(text: str, options: Sequence[str]) -> list[str]:
    """The answer, or its first line, is an option's text."""
    by_text = {normalize(option, ""): letter for letter, option in zip(LETTERS, options)}  # noqa: B905
    for part in (bare(text), bare(text).split("\n", 1)[0]):
        if letter := by_text.get(normalize(bare(part), "")):
            return [letter]
    return []


def _leading(text: str) -> list[str]:
    """A letter in front; none where the options are merely repeated, a line for each."""
    match = _LEAD.match(text)
    if match is None or _DENIED.match(text):
        return []
    listed = list(dict.fromkeys(_LISTED.findall(text)))
    return listed if len(listed) > 1 else _letters(match)


def _mentioned(text: str, options: Sequence[str], known: str) -> list[str]:
    """What is only mentioned: it counts if nothing else is."""
    affirmed = _DENIED.sub(" ", text)
    if marked := _known(_MARKED.findall(affirmed), known):
        return marked
    if texts := read_labels(affirmed, list(options)):
        return [LETTERS[options.index(name)] for name in texts]
    alone = [m[1] for m in _ALONE.finditer(affirmed) if not _ARTICLE.match(affirmed[m.start() :])]
    return _known(alone, known)


def _letters(match: re.Match[str]) -> list[str]:
    more = match["more"] or ""
    return [match["first"], *re.findall(r"(?<!\w)[A-Z](?!\w)", more)]


def _known(letters: Sequence[str], known: str) -> list[str]:
    return [one for one in dict.fromkeys(letter.upper() for letter in letters) if one in known]


def _why(named: Sequence[str], wanted: str, *, cut: bool) -> str:
    if len(named) > 1:
        return f"names {', '.join(named)}"
    if not named:
        return "cut off before it chose" if cut else "names none of the options"
    return named[0] if named[0] == wanted else f"{named[0]}, not {wanted}"


def _check(expected: Json) -> str | None:
    if not isinstance(expected, dict) or set(cast("dict[str, Any]", expected)) != {
        "answer", "options",
    }:  # fmt: skip
        return "no mapping with `answer` and `options`"
    fields = cast("dict[str, Any]", expected)
    options = fields["options"]
    if not isinstance(options, (list, tuple)) or not 2 <= len(cast("list[Any]", options)) <= 26:
        return "no list of 2 to 26 options"
    texts = cast("list[Any]", options)
    if not all(isinstance(one, str) and one.strip() for one in texts):
        return "an option that is no text"
    if len({normalize(one, "") or one for one in texts}) < len(texts):
        return "two options that read the same"
    if fields["answer"] not in list(LETTERS[: len(texts)]):
        return f"{fields['answer']!r}, which is none of {LETTERS[: len(texts)]}"
    return None


CHOICE = Scorer(
    name="choice",
    grade=choice,
    check=_check,
    summary="the answer chooses the right one of lettered options, and only that",
)
