"""Two lists of hits into one, each with a score from 0 to 1."""

from collections.abc import Sequence

import msgspec

from sprat.rag.document import Hit

WEIGHT = 0.5
"""Of words; the rest is the vectors'."""


class Fused(msgspec.Struct, frozen=True):
    """A passage's key, its score, and the two scores behind it (None: not in that list)."""

    key: int
    score: float
    lexical: float | None
    dense: float | None


def fuse(
    lexical: Sequence[Hit], dense: Sequence[Hit] | None, weight: float = WEIGHT
) -> list[Fused]:
    """One list of both, best first; `dense` None: words are all there is."""
    words = {hit.key: hit.score for hit in lexical}
    near = {hit.key: hit.score for hit in dense or ()}
    share = 1.0 if dense is None else weight
    scaled_words, scaled_near = _scaled(words), _scaled(near)
    made = [
        Fused(
            key,
            share * scaled_words.get(key, 0.0) + (1 - share) * scaled_near.get(key, 0.0),
            words.get(key),
            near.get(key),
        )
        for key in {**words, **near}
    ]
    return sorted(made, key=lambda one: (-one.score, one.key))


def _scaled(scores: dict[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {
        key: (score - low) / (high - low) if high > low else 1.0 for key, score in scores.items()
    }
