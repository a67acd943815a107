"""What turns a sentence into another one: its numbers, and its words of denial."""

import re

from sprat.questions.scorers.words import tokens

_DENYING = (
    "not no never none nor neither without nobody nothing nowhere "
    "tidak bukan tiada jangan tanpa belum"
)
_DENIES = frozenset(_DENYING.split())
"""English and Malay, as the scorers know them."""
_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_NUMBERS = {word: str(number) for number, word in enumerate(_WORDS.split())} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
    "hundred": "100",
    "thousand": "1000",
    "million": "1000000",
    "billion": "1000000000",
}
_CANNOT = re.compile(r"\bcan(?:not|['\u2019]t)\b", re.IGNORECASE)
_SHORT = re.compile(r"n['\u2019]t\b", re.IGNORECASE)
_NO_NUMBER = re.compile(r"\[\s*\d[\d\s,;]*\]|^\s*\d[.)]\s", re.MULTILINE)
"""Citations, and the numbering of a list."""


def marks(text: str) -> list[str]:
    """Numbers and denials in their order, each in one spelling: "12" is "twelve", "n't" is "not".

    "one" is none of them, for it stands for persons as well.
    """
    words = tokens(_whole(text))
    return [
        _NUMBERS.get(word, word)
        for word in words
        if word in _DENIES or (is_number(word) and word != "one")
    ]


def figures(text: str) -> set[str]:
    """The numbers that a text claims; those of its citations and lists are none."""
    return {mark for mark in marks(_NO_NUMBER.sub(" ", text)) if mark not in _DENIES}


def denies(text: str) -> bool:
    """Whether it says of something that it is not so."""
    return not _DENIES.isdisjoint(marks(text))


def worded(text: str) -> str:
    """Its words without the numbers."""
    return " ".join(word for word in tokens(_whole(text)) if not is_number(word))


def is_number(word: str) -> bool:
    """Whether a token is a number, in digits or as a word."""
    return word[0].isdigit() or word in _NUMBERS


def numbers_there(text: str) -> set[str]:
    """The numbers that a passage offers."""
    return {_NUMBERS.get(word, word) for word in tokens(text) if is_number(word)}


def _whole(text: str) -> str:
    return _SHORT.sub(" not", _CANNOT.sub("can not", text))
