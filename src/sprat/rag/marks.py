"""What turns a sentence into another one: its numbers, and its words of denial."""

import re

from sprat.questions.scorers.words import tokens
from sprat.rag.spelled import in_figures

_DENYING = (
    "not no never none nor neither without nobody nothing nowhere "
    "tidak bukan tiada jangan tanpa belum"
)
_DENIES = frozenset(_DENYING.split())
"""English and Malay, as the scorers know them."""
_CANNOT = re.compile(r"\bcan(?:not|['\u2019]t)\b", re.IGNORECASE)
_SHORT = re.compile(r"n['\u2019]t\b", re.IGNORECASE)
_MINUS = re.compile(r"(?<![\w.,)\]])[-\u2212](?=\d)")
"""Before a number, and after none: "-5", not "10-15"."""
_NO_NUMBER = re.compile(r"\[\s*\d[\d\s,;]*\]|^\s*\d[.)]\s", re.MULTILINE)
"""Citations, and the numbering of a list."""


def marks(text: str) -> list[str]:
    """Numbers and denials in their order, each in one spelling: "twelve" is "12", "n't" is "not".

    A lone "one" is none of them, for it stands for persons as well.
    """
    return [word for word in _signed(_whole(text)) if word in _DENIES or _is_figure(word)]


def figures(text: str) -> set[str]:
    """The numbers that a text claims; those of its citations and lists are none."""
    return {mark for mark in marks(_NO_NUMBER.sub(" ", text)) if mark not in _DENIES}


def denies(text: str) -> bool:
    """Whether it says of something that it is not so."""
    return not _DENIES.isdisjoint(marks(text))


def worded(text: str) -> str:
    """Its words without the numbers."""
    return " ".join(word for word in _signed(_whole(text)) if not _is_number(word))


def numbers_there(text: str) -> set[str]:
    """The numbers that a passage offers: of "2.5 million" the 2.5 too, for one may ask for that."""
    words = [*_signed(_whole(text)), *_signed(text)]
    return {"1" if word == "one" else word for word in words if _is_number(word)}


def _is_number(word: str) -> bool:
    return _is_figure(word) or word == "one"


def _is_figure(word: str) -> bool:
    return word.removeprefix("-")[:1].isdigit()


def _signed(text: str) -> list[str]:
    """The tokens of a text; a number below zero has its sign."""
    found: list[str] = []
    for word in tokens(_MINUS.sub(" minus ", text)):
        if found and found[-1] == "minus" and word[0].isdigit():
            found[-1] = f"-{word}"
        else:
            found.append(word)
    return found


def _whole(text: str) -> str:
    return in_figures(_SHORT.sub(" not", _CANNOT.sub("can not", text)))
