"""Whether quoted words stand in a passage, and where: gate three."""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from sprat.questions.scorers.abstain import abstains
from sprat.rag.marks import marks, worded
from sprat.rag.prompt import NOT_THERE, Shown
from sprat.rag.terms import terms

ALMOST = 0.8
"""A quote holds from this share of its words on, in the passage's order. A model that is asked to
copy drops a word, or sets another ending; one that puts in a word, a number or a "not" says
something else, whatever its share. A judgement, not tuned: docs/rag.md."""
_MOST_WORDS = 120
_LINE = re.compile(r'^\W*?["\u201c\u201e\u00ab](.+?)["\u201d\u00bb]?\s*(?:\[(\d{1,3})\])?\W*$')
_WORD = re.compile(r"\w+", re.UNICODE)
_REFUSAL = re.compile(r"\W*not\s+in\s+the\s+documents?\b", re.IGNORECASE)
_ALONE = re.compile(rf"\W*(?:{NOT_THERE}\b|(?i:not\s+in\s+the\s+documents?)\W*(?:\[\d+\]\W*)?\Z)")


class Quoted(NamedTuple):
    """The first line of an answer."""

    words: str
    number: int | None


class Located(NamedTuple):
    """Where a quote stands."""

    shown: Shown
    start: int
    """In the document's text, as `end`."""
    end: int
    support: float
    """1: word for word; less: the share of its words that stand there in this order."""


def gives_up(text: str) -> bool:
    """Whether an answer says that the documents do not, in the words asked for or in others."""
    return bool(_REFUSAL.match(text)) or abstains(text)


def refuses(text: str) -> bool:
    """Whether it is the refusal that was asked for, and nothing that could be a document's."""
    return bool(_ALONE.match(text))


def parse(line: str) -> Quoted | None:
    """The quoted words and their number; None: the line quotes nothing."""
    found = _LINE.match(line.strip())
    if found is None or not _WORD.search(found[1]):
        return None
    return Quoted(found[1].strip(), int(found[2]) if found[2] else None)


def locate(quoted: Quoted, passages: Sequence[Shown]) -> Located | None:
    """The place where the quote stands best; of equals in the passage that it names.

    None: it has no word that carries content, or stands nowhere: no word of it does, or only with
    other numbers, denials or names.
    """
    if not terms(quoted.words):
        return None
    found = [place for one in passages if (place := _within(quoted.words, one))]
    return max(
        found,
        key=lambda place: (round(place.support, 3), place.shown.number == quoted.number),
        default=None,
    )


def _within(quote: str, one: Shown) -> Located | None:
    """Words are compared without case, accents or punctuation; offsets are the document's own."""
    text = one.found.passage.text
    there = list(_WORD.finditer(text))
    wanted = [_plain(word) for word in _WORD.findall(quote)][:_MOST_WORDS]
    words = [_plain(word[0]) for word in there]
    first, last, support = _best(wanted, words)
    if support <= 0:
        return None
    low, high = there[first].start(), there[last].end()
    if support < 1 and not _same(quote, text[low:high]):
        return None
    start = one.found.passage.start
    return Located(one, start + low, start + high, support)


def _same(quote: str, there: str) -> bool:
    """Whether a quote that is not exact means the same: it may leave words out, but put none in.

    None, that is, that carries content; and of numbers and denials it may leave out none either.
    """
    said, known = terms(worded(_plain(quote))), terms(worded(_plain(there)))
    return marks(quote) == marks(there) and set(said) <= set(known)


def _best(wanted: list[str], words: list[str]) -> tuple[int, int, float]:
    """First and last word, and the share: exactly if it can be, else in order with gaps."""
    n = len(wanted)
    for at in range(len(words) - n + 1):
        if words[at] == wanted[0] and words[at : at + n] == wanted:
            return at, at + n - 1, 1.0
    return _in_order(wanted, words)


def _in_order(wanted: list[str], words: list[str]) -> tuple[int, int, float]:
    """The window of up to 1.5 times the quote's length that holds most of its words in order."""
    blocks = SequenceMatcher(None, words, wanted, autojunk=False).get_matching_blocks()
    core = max(blocks, key=lambda block: block.size)
    if not core.size:
        return 0, 0, 0.0
    reach = len(wanted) + len(wanted) // 2
    low, high = max(0, core.a - reach), min(len(words), core.a + core.size + reach)
    within = SequenceMatcher(None, words[low:high], wanted, autojunk=False)
    parts = [block for block in within.get_matching_blocks() if block.size]
    shared = sum(block.size for block in parts)
    # Never 1: that is kept for what stands there word for word.
    support = min(shared / len(wanted), 0.999)
    return low + parts[0].a, low + parts[-1].a + parts[-1].size - 1, support


def _plain(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))
