"""Numbers and names of an answer that its prompt does not have."""

import re
from collections.abc import Iterable
from itertools import combinations

import msgspec

from sprat.questions.rubric.prompt import text_of
from sprat.questions.rubric.repetition import words_of
from sprat.questions.scorers.words import fold, tokens
from sprat.types import Question

MIN_TEXT_WORDS = 30
"""A prompt of fewer words gives no text to keep to: what the answer says is then knowledge."""
MAX_NUMBERS = 40
"""Of a prompt, so many are taken from one another."""
MUCH_CAPITAL = 0.6
"""A text of which more words than this begin with a capital is a heading, not a list of names."""
_COUNTED = (
    ("zero", "sifar", "sifuri"), ("one", "satu", "moja"), ("two", "dua", "mbili"),
    ("three", "tiga", "tatu"), ("four", "empat", "nne"), ("five", "lima", "tano"),
    ("six", "enam", "sita"), ("seven", "tujuh", "saba"), ("eight", "lapan", "nane"),
    ("nine", "sembilan", "tisa"), ("ten", "sepuluh", "kumi"), ("eleven", "sebelas"),
    ("twelve", "twelfth"),
)  # fmt: skip
NUMBER_WORDS = {word: number for number, words in enumerate(_COUNTED) for word in words}
_YEAR = "january february march april may june july august september october november december"
_MONTHS = _YEAR.split()
_FREE = (
    "mr mrs ms dr sir madam encik puan cik bwana bi mzee i monday tuesday wednesday thursday "
    "friday saturday sunday isnin selasa rabu khamis jumaat sabtu ahad jumatatu jumanne "
    "jumatano alhamisi ijumaa jumamosi jumapili english malay swahili answer json ai"
)
_FREE_WORDS = frozenset(_FREE.split())
_CAPITAL = r"[A-Z\u00c0-\u00de][\w'\u2019-]*"
_NAME = re.compile(rf"(?<=[a-z\u00df-\u00ff,;&)] ){_CAPITAL}(?: (?:& )?{_CAPITAL})*")
_NUMBER = r"(\d{1,18}(?:\.\d{1,18})?)"
_SUM = re.compile(
    rf"(?<!\d){_NUMBER}\s*([-+\u2212\u00d7x*/\u00f7])\s*{_NUMBER}\s*=\s*{_NUMBER}"
    r"(?![\d.]*\d|\s*[-+\u2212\u00d7x*/\u00f7])"
)
_OPERATORS = "-+\u2212\u00d7x*/\u00f7"
NEAR_CHARS = 20
"""So far before a sum an operator is looked for that would make it part of a chain."""


def strange_numbers(question: Question, text: str) -> list[str]:
    """Numbers of `text` that are neither in the prompt nor in the expected answer.

    "1,250" is "1250", "nine" is 9, "14:30" is "2:30" too, and a date may have May as 5. The
    difference of two of the prompt's numbers may have been computed (what is left, how long it
    takes), so it is not strange; sums and products are, since with a few numbers nearly anything
    is one. One and two in words count things more often than they claim anything ("the two of
    them"): they are left out.
    """
    if len(text_of(question).split()) < MIN_TEXT_WORDS:
        return []
    told = words_of(_told(question))
    known = _numbers(told) | _hours(told)
    known |= _differences(known) | {_MONTHS.index(word) + 1 for word in told if word in _MONTHS}
    spelled = [word for word in words_of(text) if NUMBER_WORDS.get(word, 3) > 2]
    return [f"{number:g}" for number in sorted(_numbers(spelled) - known)]


def _told(question: Question) -> str:
    return f"{text_of(question)}\n{msgspec.json.encode(question.expected).decode()}"


def _numbers(words: Iterable[str]) -> set[float]:
    found: set[float] = set()
    for word in words:
        if word in NUMBER_WORDS:
            found.add(NUMBER_WORDS[word])
        elif word[0].isdigit():
            found |= _parts(word)
    return found


def _parts(word: str) -> set[float]:
    """The numbers of one written number: of a time or a date each part, and 14:30 as 2 and 30."""
    try:
        return {float(word.replace(",", ""))}
    except ValueError:
        pass
    parts = [float(part) for part in re.split(r"\D+", word)[:6] if part.isdecimal()]
    if ":" in word and parts and 12 < parts[0] < 24:
        parts[0] -= 12
    return set(parts)


def _hours(told: Iterable[str]) -> set[float]:
    """The hours of the prompt's times by the clock of 24 hours: its "14:30" may be 14 or 2."""
    clocks = [word.split(":")[0] for word in told if ":" in word]
    return {float(hour) for hour in clocks if hour.isdecimal()}


def _differences(known: set[float]) -> set[float]:
    pairs = combinations(sorted(known)[:MAX_NUMBERS], 2)
    return {round(larger - smaller, 6) for smaller, larger in pairs}


def strange_names(question: Question, text: str) -> list[str]:
    """Names in `text` that its prompt does not have: capitalised words inside a sentence.

    The first word of a sentence cannot be told from a name; a text that capitalises much (a
    heading, a title) is not looked at, nor is one in a language that capitalises other words than
    names, nor one whose prompt gives no text to keep to.
    """
    if len(text_of(question).split()) < MIN_TEXT_WORDS or _language(question) not in _LATIN:
        return []
    words = re.findall(r"[^\W\d_]{2,}", text)
    if sum(word[0].isupper() for word in words) > MUCH_CAPITAL * len(words):
        return []
    known = set(tokens(_told(question))) | _FREE_WORDS | set(_MONTHS)
    return [name for name in _NAME.findall(text) if not _known(name, known)]


_LATIN = frozenset({"en", "ms", "sw", "id", "fr", "es", "it", "pt", "nl"})


def _language(question: Question) -> str:
    return question.language.split("-")[0]


def _known(name: str, known: set[str]) -> bool:
    parts = [part for part in tokens(name) if len(part) > 1]
    return all(part in known or part.rstrip("s") in known for part in parts)


def wrong_sums(text: str) -> tuple[int, int]:
    """How many sums of the form "a + b = c" `text` has, and how many of them are wrong.

    A chain ("9 + 7 x 3 = 30") is left out: which part of it is meant is not certain. A hundredth is
    forgiven, for what was rounded.
    """
    plain = fold(text).replace(",", "")
    found = [match for match in _SUM.finditer(plain) if not _in_chain(plain, match.start())]
    wrong = [match for match in found if abs(_value(match) - float(match[4])) > 0.01]
    return len(found), len(wrong)


def _in_chain(text: str, place: int) -> bool:
    """Whether an operator stands right before `place`."""
    before = text[max(0, place - NEAR_CHARS) : place].rstrip()
    return before.endswith(tuple(_OPERATORS))


def _value(match: re.Match[str]) -> float:
    one, other = float(match[1]), float(match[3])
    if match[2] in "/\u00f7":
        return one / other if other else float("inf")
    return {"+": one + other, "-": one - other, "\u2212": one - other}.get(match[2], one * other)
