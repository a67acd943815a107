"""How much of a text says again what it has said."""

import re
from collections.abc import Sequence

from sprat.questions.scorers.words import tokens

MAX_WORDS = 2_000
"""Of a text; what comes after them repeats or not as they do."""
LONGEST_UNIT = 24
"""Words of a unit that may repeat: a sentence."""
_MARKER = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*\u2022\u2013])\s+", re.MULTILINE)
_ENDED = re.compile(r"(?<=[.!?])\s+|\n+")
CONTENT_CHARS = 4
"""A word of this many letters or more mostly carries content, in English, Malay and Swahili."""


def words_of(text: str) -> list[str]:
    """The folded words of `text`, without the marks of its lists; at most `MAX_WORDS`."""
    return tokens(_MARKER.sub("", text))[:MAX_WORDS]


def sentences_of(text: str) -> list[list[str]]:
    """The folded words of each sentence or line that has any."""
    parts = _ENDED.split(_MARKER.sub("", text))
    return [words for part in parts if (words := tokens(part))]


def looped_share(text: str) -> float:
    """The share of words that only repeat, at once, the unit before them: 0 to 1.

    A unit of one to `LONGEST_UNIT` words counts from its third time on in a row (a single word too:
    "no, no, no" is a figure of speech, and costs a word). The last round may be unfinished, as it
    is where a text was cut off. "84 84 84 84" has a share of 0.75: all but its first word.
    """
    words = words_of(text)
    at, again = 0, 0
    while at < len(words):
        found = max((_repeats(words, at, unit) for unit in range(1, LONGEST_UNIT + 1)), default=0)
        again += found
        at += max(1, found)
    return again / len(words) if words else 0.0


def _repeats(words: Sequence[str], at: int, unit: int) -> int:
    """How many words go on repeating the `unit` words at `at`; 0 if they come under three times."""
    end = at + unit
    while end < len(words) and words[end] == words[end - unit]:
        end += 1
    return end - at - unit if end - at >= 3 * unit else 0


def said_again(text: str) -> int:
    """How many sentences or lines of two words or more stand in the text a second time."""
    sentences = [tuple(words) for words in sentences_of(text) if len(words) > 1]
    return len(sentences) - len(set(sentences))


def redundant_share(text: str) -> float:
    """The share of words in sentences whose content had all been said before them: 0 to 1.

    Content is words of `CONTENT_CHARS` letters and numbers; a sentence without any is not counted.
    """
    known: set[str] = set()
    total = again = 0
    for words in sentences_of(text)[:MAX_WORDS]:
        content = {word for word in words if is_content(word)}
        total += len(words)
        if content and content <= known:
            again += len(words)
        known |= content
    return again / total if total else 0.0


def variety(text: str) -> float | None:
    """Different content words to all of them, by their first five letters; None for under 8.

    Of "protects what it protects, by protecting it" there is one. Long texts use words again, so
    only the first 40 count.
    """
    content = [word[:5] for word in words_of(text) if is_content(word)][:40]
    return len(set(content)) / len(content) if len(content) >= 8 else None


def is_content(word: str) -> bool:
    """Whether a folded word is a number or as long as words that carry content are."""
    return len(word) >= CONTENT_CHARS or word[0].isdigit()
