"""Passages that say the same: the second one takes the place of something new."""

import re
from collections.abc import Iterable, Iterator

from sprat.rag.document import Found

SHARE = 0.9
"""Of the shorter one's word triples that stand in the other too: from here on they are alike."""
_WORD = re.compile(r"\w+")


def unlike(found: Iterable[Found]) -> Iterator[Found]:
    """Those that say something which no one before them does.

    Two are alike when nearly all sequences of three words of the shorter one stand in the other.
    Source: Broder, "On the resemblance and containment of documents", 1997 (containment).
    """
    kept: list[frozenset[tuple[str, ...]]] = []
    for one in found:
        triples = _triples(one.passage.text)
        if not any(_alike(triples, other) for other in kept):
            kept.append(triples)
            yield one


def _triples(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    if len(words) < 3:
        return frozenset([(text.strip(),)])
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _alike(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    return len(one & other) >= SHARE * min(len(one), len(other))
