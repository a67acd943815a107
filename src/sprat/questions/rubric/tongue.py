"""In which language is a text, and is it one?"""

import re
import unicodedata
from itertools import pairwise

from sprat.questions.rubric.faults import Fault
from sprat.questions.rubric.prompt import text_of
from sprat.questions.rubric.repetition import words_of
from sprat.questions.rubric.speech import NEVER_AFTER, SMALL
from sprat.questions.scorers.words import fold
from sprat.types import Question

FOREIGN_SHARE = 0.2
"""Of the small words that are known, how many of another language make a text mixed."""
FOREIGN_WORDS = 2
"""Fewer may be a name or a quotation."""
_SENTENCE = re.compile(r"[.!?,;:()\n\"]+")
_NAMES_A_LANGUAGE = re.compile(
    r"\b(?:translat\w+|terjemah\w*|tafsiri|english|french|german|spanish|malay|swahili"
    r"|bahasa inggeris|kiingereza)\b"
)
UNSPACED = frozenset({"zh", "ja", "th", "lo", "km", "my"})
"""Languages that put no space between words, so that theirs cannot be counted."""


def mixes(question: Question, text: str) -> Fault | None:
    """The fault of a text in another language or script than its question's, or in two.

    Told by small words of English, Malay and Swahili, so a text without any has none, and by
    letters of a script that the prompt does not have. A prompt that names a language may ask for a
    translation, so nothing is said then.
    """
    language = question.language.split("-")[0]
    told = fold(text_of(question))
    if language not in SMALL or _NAMES_A_LANGUAGE.search(told):
        return None
    if script := _strange_script(told, text):
        return Fault(2, f"holds {script} letters")
    own, other, name = _counts(language, words_of(text), frozenset(words_of(told)))
    if other < FOREIGN_WORDS or other < FOREIGN_SHARE * (own + other):
        return None
    return Fault(3, f"is partly in another language ({name})" if own else f"is in {name}")


def _counts(language: str, words: list[str], told: frozenset[str]) -> tuple[int, int, str]:
    """Small words of the question's own language, those of the likeliest other, and its name."""
    others = {name: small for name, small in SMALL.items() if name != language}
    own = sum(word in SMALL[language] for word in words)
    found = {
        name: sum(word in small and word not in SMALL[language] | told for word in words)
        for name, small in others.items()
    }
    most = max(found, key=lambda name: found[name])
    return own, found[most], most


def _strange_script(told: str, text: str) -> str | None:
    scripts = {_script(char) for char in told if char.isalpha()} | {"LATIN", "GREEK", "MICRO"}
    strange = [name for char in text if char.isalpha() and (name := _script(char)) not in scripts]
    return strange[0].capitalize() if len(strange) > 2 else None


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").split(" ", 1)[0].split("-", 1)[0]


def scrambled(question: Question, text: str) -> Fault | None:
    """The fault of English words that cannot follow one another: "the of", "to were", "a the".

    It sees word salad that has small words; a list of nouns, or salad in another language, it
    cannot tell from a telegram.
    """
    if not question.language.startswith("en"):
        return None
    clashes = [
        f"{one} {other}"
        for part in _SENTENCE.split(fold(text))
        for one, other in pairwise(part.split())
        if other in NEVER_AFTER.get(one, ())
    ]
    if not clashes:
        return None
    return Fault(min(4, 2 * len(clashes)), f"says {clashes[0]!r}")
