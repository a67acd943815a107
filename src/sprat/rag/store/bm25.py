"""BM25 over the word index of the SQLite store.

FTS5 ranks by k1 = 1.2 and b = 0.75, which cannot be changed, and which on passages of like length
rank worse than those here: docs/retrieval.md. So the index says which words stand where, and SQLite
does this sum.
"""

import math
import sqlite3
from collections.abc import Sequence

import msgspec

from sprat.rag.document import Hit

K1 = 0.9
"""How soon more of the same word counts no more.
Source: Anserini's defaults (k1 = 0.9, b = 0.4), https://github.com/castorini/anserini."""
B = 0.4
"""How much longer passages pay for their length; the same source."""
_TERM = (
    "SELECT doc, ? * tf / (tf + ? + ? * words) AS part"
    " FROM (SELECT doc, count(*) AS tf FROM places WHERE term = ? GROUP BY doc)"
    " JOIN lengths ON key = doc"
)


class Term(msgspec.Struct, frozen=True):
    """A word's stem, and in how many passages it stands."""

    stem: str
    passages: int


def best(
    database: sqlite3.Connection, terms: Sequence[Term], passages: int, words: int, most: int
) -> list[Hit]:
    """The passages that hold any of `terms`, best first.

    The score is BM25 divided by the most that it could be, the sum of idf * (k1 + 1): the share, 0
    to 1, of the question's weight that a passage carries. `passages` and `words`: of the store.

    idf = ln(1 + (N - n + 0.5) / (n + 0.5)).
    Source: Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009;
    the 1 in the logarithm, which keeps it above 0, is Lucene's.
    """
    if not terms:
        return []
    idfs = [math.log1p((passages - one.passages + 0.5) / (one.passages + 0.5)) for one in terms]
    average = max(words / passages, 1.0)
    given: list[float | str] = []
    for idf, one in zip(idfs, terms, strict=True):
        given += [idf / sum(idfs), K1 * (1 - B), K1 * B / average, one.stem]
    parts = " UNION ALL ".join([_TERM] * len(terms))
    rows = database.execute(
        f"SELECT doc, sum(part) AS score FROM ({parts})"  # noqa: S608 - no text of anybody's
        " GROUP BY doc ORDER BY score DESC, doc LIMIT ?",
        (*given, most),
    )
    return [Hit(key, min(score, 1.0)) for key, score in rows]
