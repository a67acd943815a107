"""How close together the words of a question stand: what BM25, which only counts, does not see."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sprat.rag.document import Passage
from sprat.rag.terms import places, terms

REACH = 120
"""Characters, about a sentence: words are close that begin within so many."""
CLOSE = 0.2
"""Closeness in the score of a passage; the rest is words' and vectors'. Both were chosen on
questions that nothing is reported on: docs/retrieval.md."""


def closeness(query: str, passages: Sequence[Passage]) -> list[float]:
    """Of each passage the share, 0 to 1, of the question's weight that stands closest together.

    closeness = max over stretches of REACH characters of: sum of w(t) for the content words t of
    the question in it or in the headings, which stand over every stretch; divided by the sum of all
    their w. A word weighs w = ln(1 + N / n), n of the N passages given having it; one that none has
    counts as if half a passage had it: a question of which nothing is there is answered nowhere.

    Source: Tao, Zhai, "An Exploration of Proximity Measures in Information Retrieval", 2007, for
    what closeness adds to BM25; the weights make it one of which words, not of how many.
    """
    asked = set(terms(query))
    texts = [places(each.text, asked) for each in passages]
    above = [asked.intersection(terms(each.heading)) for each in passages]
    weights = _weights(asked, texts, above)
    whole = math.fsum(weights.values())
    return [
        min(1.0, _closest(text, heading, weights) / whole) if whole else 0.0
        for text, heading in zip(texts, above, strict=True)
    ]


def _weights(
    asked: Iterable[str], texts: Sequence[Sequence[tuple[int, str]]], above: Sequence[set[str]]
) -> dict[str, float]:
    having = Counter[str]()
    for text, heading in zip(texts, above, strict=True):
        having.update(heading.union(term for _, term in text))
    return {term: math.log1p(len(texts) / (having[term] or 0.5)) for term in asked}


def _closest(
    text: Sequence[tuple[int, str]], above: set[str], weights: Mapping[str, float]
) -> float:
    """The most weight in any stretch: its end goes from word to word, its beginning follows."""
    inside, weight, begins = Counter(above), math.fsum(weights[term] for term in above), 0
    most = weight
    for place, term in text:
        weight += 0.0 if inside[term] else weights[term]
        inside[term] += 1
        while place - text[begins][0] >= REACH:
            left = text[begins][1]
            inside[left] -= 1
            weight -= 0.0 if inside[left] else weights[left]
            begins += 1
        most = max(most, weight)
    return most
