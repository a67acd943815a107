"""Words and vectors into one list, with a score from 0 to 1."""

from collections.abc import Sequence

import msgspec

from sprat.rag.document import Hit

WEIGHT = 0.5
"""Of words; the rest is the vectors'. Chosen on half of a set of questions: docs/retrieval.md."""


RANKING = 2
"""How a passage's score is made: those of another number are not comparable, nor what was learned
from them. 1: without closeness."""


class Fused(msgspec.Struct, frozen=True):
    """A passage's key, its score, and the two scores behind it (None: not in that list)."""

    key: int
    score: float
    lexical: float | None
    dense: float | None


def fuse(
    lexical: Sequence[Hit], dense: Sequence[Hit] | None, pool: int, weight: float = WEIGHT
) -> list[Fused]:
    """One list of both, best first; `dense` None: words are all there is.

    score = weight * lexical + (1 - weight) * max(cosine, 0), where the lexical score is a share of
    what the question's words could bring at most. Neither is stretched to the best of its list, so
    that a score means the same from one question to the next. What a list of `pool` hits does not
    hold counts as its last one: it is no better; in a shorter list it counts nothing.

    Source: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023,
    section 4 (a convex combination, normalised by what is possible instead of what was found).
    """
    words = {hit.key: hit.score for hit in lexical}
    near = {hit.key: hit.score for hit in dense or ()}
    share = 1.0 if dense is None else weight
    no_words, not_near = _last(lexical, pool), _last(dense or (), pool)
    made = [
        Fused(
            key,
            share * words.get(key, no_words) + (1 - share) * max(near.get(key, not_near), 0.0),
            words.get(key),
            near.get(key),
        )
        for key in {**words, **near}
    ]
    return sorted(made, key=lambda one: (-one.score, one.key))


def _last(hits: Sequence[Hit], pool: int) -> float:
    return hits[-1].score if hits and len(hits) >= pool else 0.0
