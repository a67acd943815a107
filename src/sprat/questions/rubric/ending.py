"""Does a text break off?"""

import re

from sprat.questions.rubric.faults import Fault
from sprat.questions.rubric.speech import SMALL

_LISTED = re.compile(r"\s*(?:\d{1,3}[.)]|[-*\u2022\u2013|#])\s*\S")
_SENTENCE_END = re.compile(r"[.!?:;)\]}\"'\u201d\u2019\u2026|*`]\s*\Z")
_EARLIER_END = re.compile(r"[.!?]\s+\S")
_PAIRS = {"{": "}", "[": "]"}
LONG_LINE_WORDS = 10
"""A last line of so many words is a sentence, and a sentence has an end."""


def breaks_off(text: str, language: str) -> Fault | None:
    """The fault of a text that stops in the middle; None of one that may be whole.

    Certain: an open bracket or code fence, a comma or a small word ("and", "of") at the end.
    Likely: a last line of prose without an end, where an earlier sentence has one or it is long.
    "Room 204", "Answer: 35" and the last item of a list need no full stop.
    """
    bare = text.rstrip()
    if _is_open(bare):
        return Fault(3, "what it opens is not closed")
    last = bare.rsplit("\n", 1)[-1]
    words = last.split()
    if not words or _SENTENCE_END.search(last):
        return None
    if last.endswith((",", "-")) or (len(words) > 4 and _is_small(words[-1], language)):
        return Fault(2, f"breaks off after {words[-1]!r}")
    unended = len(words) >= LONG_LINE_WORDS or _EARLIER_END.search(bare)
    if unended and len(words) > 2 and ":" not in last and not _LISTED.match(last):
        return Fault(2 if _EARLIER_END.search(bare) else 1, "its last sentence has no end")
    return None


def _is_open(text: str) -> bool:
    if text.count("```") % 2:
        return True
    return text[:1] in _PAIRS and text.count(text[0]) > text.count(_PAIRS[text[0]])


def _is_small(word: str, language: str) -> bool:
    """Whether a word is small; "this" and "it" may well end a sentence, so those are none here."""
    return word.casefold() in SMALL.get(language, frozenset()) - _MAY_END


_CAN_CLOSE = (
    "about after all also before can cannot could did do does had has have he her here him "
    "how is it its more must no not our should so that them then there these they this those "
    "was we were what when who will would you anda ini itu lagi juga kami kita mereka saya "
    "semua setiap sudah tidak ada adalah apa atas hii hiki hili hiyo kila pia sasa siku tu "
    "wakati yake yako yao zaidi"
)
_MAY_END = frozenset(_CAN_CLOSE.split())
