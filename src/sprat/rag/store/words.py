"""A question → the words to look for: any text will do, and no text makes a slow search.

What a search costs is the passages that hold any of its words. So the words are taken from the
rarest on, until those passages are many; what is left out stands in so many that it hardly tells
one from another (its weight is the logarithm of how rare it is). In a store that is not large
nothing is left out but `COMMON`.
"""

import re
import sqlite3
from collections.abc import Sequence
from threading import Lock

from sprat.rag.store.bm25 import Term
from sprat.rag.store.schema import TOKENS

MOST_CHARS = 20_000
"""Of a question that are looked at."""
MOST_WORDS = 64
"""Different words looked for: the rarest."""
MOST_ROWS = 10_000
"""Passages that the words looked for stand in, all together, and a fiftieth of the store's."""
_COMMON = """
a about above after again all also am an and any are as at be been before being below between both
but by can could did do does done down during each few for from had has have he her here him his
how i if in into is it its just many may me might more most much must my no nor not now of off on
once only or other our out over own same shall she should so some such than that the their them
then there these they this through to too under until up us very was we were what when where which
while who whom whose why will with would you your
"""
COMMON = frozenset(_COMMON.split())
"""English words of grammar and of asking. In a question they are no subject, but `what` and `did`
are rare in passages, and would weigh much. Looked for only where a question has no other word."""
_KNOWN = 50_000
_WORD = re.compile(r"[^\W_]+")


class Words:
    """How often the words of one store stand in it, as far as it was asked. Threads may share it.

    A count is asked for once, until the store has grown or shrunk by a tenth: which words are rare
    changes slowly, and counting a common one takes longer than looking up a rare one.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._passages = 0
        self._lock = Lock()
        self._cut = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._cut.execute(f"CREATE VIRTUAL TABLE asked USING fts5 (text, tokenize='{TOKENS}')")
        self._cut.execute("CREATE VIRTUAL TABLE cut USING fts5vocab (asked, row)")

    def close(self) -> None:
        """Let go of it."""
        self._cut.close()

    def chosen(self, query: str, database: sqlite3.Connection, passages: int) -> list[Term]:
        """The words of `query` worth looking for, the rarest first; empty: there are none."""
        self._forget_at(passages)
        words = _words(query)
        terms = self._terms([word for word in words if word not in COMMON], database)
        return _rarest(terms or self._terms(words, database), MOST_ROWS + passages // 50)

    def _terms(self, words: Sequence[str], database: sqlite3.Connection) -> list[Term]:
        counted = [Term(stem, self._count(stem, database)) for stem in self._stems(words)]
        return [term for term in counted if term.passages]

    def _stems(self, words: Sequence[str]) -> list[str]:
        """What FTS5 makes of them: each of these once."""
        if not words:
            return []
        with self._lock:
            self._cut.execute("BEGIN")
            self._cut.executemany("INSERT INTO asked VALUES (?)", [(word,) for word in words])
            rows = self._cut.execute("SELECT term FROM cut").fetchall()
            self._cut.execute("ROLLBACK")
        return [stem for (stem,) in rows]

    def _count(self, stem: str, database: sqlite3.Connection) -> int:
        if (known := self._counts.get(stem)) is not None:
            return known
        row = database.execute("SELECT doc FROM vocabulary WHERE term = ?", (stem,)).fetchone()
        count = int(row[0]) if row else 0
        if count and len(self._counts) < _KNOWN:
            self._counts[stem] = count
        return count

    def _forget_at(self, passages: int) -> None:
        if abs(passages - self._passages) * 10 > self._passages:
            self._counts, self._passages = {}, passages


def _words(query: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(query[:MOST_CHARS].lower())))


def _rarest(terms: Sequence[Term], most_rows: int) -> list[Term]:
    """The rarest, the first one whatever it is, as far as `most_rows` go."""
    kept, rows = list[Term](), 0
    for term in sorted(terms, key=lambda one: (one.passages, one.stem))[:MOST_WORDS]:
        rows += term.passages
        if kept and rows > most_rows:
            break
        kept.append(term)
    return kept
