"""A question → the words to look for: any text will do, and no text makes a slow search.

What a search costs is the passages that hold any of its words. So the words are taken from the
rarest on, until those passages are `MOST_ROWS`; what is left out stands in so many that it hardly
tells one from another (its weight in BM25 is the logarithm of how rare it is). That needs no list
of common words, and so no language.
"""

import re
import sqlite3
from threading import Lock

from sprat.rag.store.schema import TOKENS

MOST_CHARS = 20_000
"""Of a question that are looked at."""
MOST_WORDS = 64
"""Different words looked for: the rarest."""
MOST_ROWS = 50_000
"""Passages that the words looked for stand in, all together."""
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
        self._cut.execute("CREATE VIRTUAL TABLE cut USING fts5vocab (asked, instance)")

    def close(self) -> None:
        """Let go of it."""
        self._cut.close()

    def chosen(self, query: str, database: sqlite3.Connection, passages: int) -> str | None:
        """The words of `query` worth looking for, in FTS5's language; None: there are none."""
        self._forget_at(passages)
        stems = self._stems(query)
        counted = [(self._count(stem, database), word) for stem, word in stems.items()]
        rarest = sorted((n, word) for n, word in counted if n)[:MOST_WORDS]
        kept, rows = list[str](), 0
        for n, word in rarest:
            if kept and rows + n > MOST_ROWS:
                break
            kept.append(word)
            rows += n
        return " OR ".join(f'"{word}"' for word in kept) or None

    def _stems(self, query: str) -> dict[str, str]:
        """What FTS5 makes of each word, and the first word of which it makes that."""
        words = list(dict.fromkeys(_WORD.findall(query[:MOST_CHARS].lower())))
        with self._lock:
            self._cut.execute("BEGIN")
            self._cut.executemany("INSERT INTO asked VALUES (?)", zip(words))
            rows = self._cut.execute("SELECT term, doc FROM cut").fetchall()
            self._cut.execute("ROLLBACK")
        return {stem: words[place - 1] for stem, place in reversed(rows)}

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
