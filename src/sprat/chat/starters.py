"""Questions to begin with, made of the documents' own titles and headings."""

from collections.abc import Iterator

from sprat.rag.document import Passage
from sprat.rag.store.base import Indexed, Store

MOST = 4
_LONGEST = 60
_LOOKED_AT = 40


def starters_of(store: Store) -> tuple[tuple[str, str], ...]:
    """Labels, each with its question: in turns from the documents with the most to say. Blocks."""
    held = sorted(store.documents().values(), key=lambda one: (-one.passages, one.file))
    topics = [(document, _topics(store, document)) for document in held[:MOST]]
    found: dict[str, str] = {}
    while topics and len(found) < MOST:
        document, left = topics.pop(0)
        topic = next((topic for topic in left if topic not in found), None)
        if topic is not None:
            found[topic] = f"What does “{_short(document.title)}” say about “{topic}”?"
            topics.append((document, left))
    return tuple(found.items())


def _topics(store: Store, document: Indexed) -> Iterator[str]:
    """Its headings of several words, in their order; its title where it has none."""
    hits = store.lexical(document.title, _LOOKED_AT)
    passages = store.passages([hit.key for hit in hits]).values()
    own = sorted(
        (passage for passage in passages if passage.file == document.file),
        key=lambda passage: passage.start,
    )
    headings = [_last_heading(passage) for passage in own]
    said = [
        one for one in headings if " " in one and one != document.title and len(one) <= _LONGEST
    ]
    yield from said or [_short(document.title)]


def _last_heading(passage: Passage) -> str:
    return passage.heading.rsplit(" > ", 1)[-1].strip()


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1].rstrip()}…"
