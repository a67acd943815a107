"""Was the right passage found, and how far up? Retrieval against gold passages.

A passage is *relevant* when it holds a gold place; every metric here starts from which golds each
found passage holds, best passage first.
"""

from collections.abc import Sequence

from sprat.questions.scorers.words import tokens
from sprat.studies.grounded.question import Gold
from sprat.types import Source

ENOUGH = 0.5
"""Of the shorter of passage and gold, so much must be shared."""
SHINGLE = 5
"""Words in a row that are compared as one."""

Held = Sequence[frozenset[int]]
"""Per found passage, which golds (by their place) it holds."""


def held(found: Sequence[Source], gold: Sequence[Gold]) -> tuple[frozenset[int], ...]:
    """Which golds each found passage holds."""
    return tuple(
        frozenset(place for place, one in enumerate(gold) if holds(source, one)) for source in found
    )


def holds(source: Source, gold: Gold) -> bool:
    """Whether a passage holds a gold place.

    By offsets: it is of that file, and the two overlap by at least half of the shorter one.
    By words: at least half of the shorter one's shingles (five words in a row, or all of a shorter
    text) stand in the other: other chunk sizes than those of the gold do not matter.

    Source: Broder (1997), On the resemblance and containment of documents (containment).
    """
    if gold.text is not None:
        return containment(source.text, gold.text) >= ENOUGH
    if not same_file(source.file, gold.file or ""):
        return False
    if gold.start is None or gold.end is None:
        return True
    shared = min(source.end, gold.end) - max(source.start, gold.start)
    shorter = min(source.end - source.start, gold.end - gold.start)
    return shorter > 0 and shared >= ENOUGH * shorter


def same_file(file: str, wanted: str) -> bool:
    """Whether it is the same path, or one that ends in the wanted one's parts.

    A wanted path from the root is that one alone: so any file can be told from all others.
    """
    file, wanted = file.replace("\\", "/"), wanted.replace("\\", "/").removeprefix("./")
    return file == wanted or (not wanted.startswith("/") and file.endswith(f"/{wanted}"))


def containment(one: str, other: str) -> float:
    """The share of the shorter text's shingles that stand in the longer one; 0 for no words."""
    shorter, longer = sorted((tokens(one), tokens(other)), key=len)
    size = min(SHINGLE, len(shorter))
    if not size:
        return 0.0
    wanted, there = _shingles(shorter, size), _shingles(longer, size)
    return len(wanted & there) / len(wanted)


def recall(held: Held, golds: int) -> float | None:
    """The share of the golds that stand in some found passage; None without golds.

    Source: Ragas 0.4, ID-based context recall, |retrieved ∩ reference| / |reference|.
    """
    return len(frozenset[int]().union(*held)) / golds if golds else None


def precision(held: Held, golds: int) -> float | None:
    """The share of the found passages that hold a gold; 0 where nothing was found.

    Source: Ragas 0.4, ID-based context precision, |retrieved ∩ reference| / |retrieved|.
    """
    if not golds:
        return None
    return sum(map(bool, held)) / len(held) if held else 0.0


def average_precision(held: Held, golds: int) -> float | None:
    """Precision at the rank of each relevant passage, averaged over those; 0 for none.

    Σ_k precision@k · relevant_k / Σ_k relevant_k: high when what is relevant comes first.

    Source: Ragas 0.4, context precision; Manning, Raghavan & Schütze (2008), Introduction to
    Information Retrieval, section 8.4, over the relevant passages found.
    """
    if not golds:
        return None
    good = [bool(one) for one in held]
    at = [sum(good[: k + 1]) / (k + 1) for k, relevant in enumerate(good) if relevant]
    return sum(at) / len(at) if at else 0.0


def reciprocal_rank(held: Held, golds: int) -> float | None:
    """One over the rank of the first relevant passage; 0 where none was found.

    Its mean over questions is the MRR. Source: Voorhees (1999), The TREC-8 Question Answering Track
    Report.
    """
    if not golds:
        return None
    return next((1 / rank for rank, one in enumerate(held, 1) if one), 0.0)


def hit(held: Held, golds: int, most: int) -> float | None:
    """1 if a relevant passage is among the first `most`, else 0."""
    return float(any(held[:most])) if golds else None


def _shingles(words: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}
