"""The words of a text that say something, made comparable."""

import re
from collections.abc import Iterator

from sprat.questions.scorers.words import tokens

_FILLING = """
a about after all also an and any are as at be because been before being but by can could did do
does document documents doing for from had has have he her here hers him his how i if in into is it
its may me might more most must my no nor not of on only or other our ours passage shall she should
so some such than that the their theirs them then there these they this those to too up us was we
were what when where which while who whom whose why will with would you your yours s t

adalah akan atau bagi boleh dalam dan dari daripada dengan di ialah ini itu juga ke kepada oleh pada
sebagai telah tidak untuk yang

au hii hiyo huo ile ili ja kama katika kwa la na ni pia si wa ya yake yao za
"""
"""Words of English, Malay and Swahili that stand in any text."""
_STOP = frozenset(_FILLING.split())
_SENTENCE = re.compile(r"(?<=[.!?…])[\"')\]\u201d]*\s+|\n+")
_ABBREVIATED = re.compile(r"\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|St|No|vs|e\.g|i\.e|etc|approx)\.$")


def content_words(text: str) -> frozenset[str]:
    """Words and numbers, folded, without those that stand in any text, and without a plural's s.

    Source: Harman (1991), Journal of the American Society for Information Science 42:7 (the S
    stemmer).
    """
    return frozenset(_singular(word) for word in tokens(text) if word not in _STOP)


def is_number(word: str) -> bool:
    """Whether it holds a digit: then nothing but itself will do."""
    return any(char.isdigit() for char in word)


def sentences(text: str) -> Iterator[str]:
    """The sentences of an answer: cut after a full stop and at line breaks, bullets taken off."""
    kept = ""
    for part in _SENTENCE.split(text):
        kept = f"{kept} {part}".strip()
        if not _ABBREVIATED.search(kept):
            yield from _said(kept)
            kept = ""
    yield from _said(kept)


def _said(text: str) -> Iterator[str]:
    bare = text.lstrip("-*•#> \t").strip()
    if tokens(bare):
        yield bare


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("ies") and not word.endswith(("eies", "aies")):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if len(word) > 2 and word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1]
    return word
