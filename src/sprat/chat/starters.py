"""Questions to begin with, made of the documents' own titles and headings."""

from collections.abc import Iterator

from sprat.rag.document import Passage
from sprat.rag.store.base import Indexed, Store

MOST = 4
_LONGEST = 60
_LOOKED_AT = 40


def starters_of(store: Store) -> tuple[tuple[str, str], ...]:
    """Labels, each with its question: one of each of the documents with the most to say. Blocks."""
    held = sorted(store.documents().values(), key=lambda one: (-one.passages, one.file))
    found: dict[str, str] = {}
    for document in held:
        for topic in _topics(store, document):
            if topic not in found:
                found[topic] = f"What does “{_short(document.title)}” say about “{topic}”?"
                break
        if len(found) == MOST:
            break
    return tuple(found.items())


def _topics(store: Store, document: Indexed) -> Iterator[str]:
    """Its headings in the order in which they stand, without its title; then the title itself."""
    hits = store.lexical(document.title, _LOOKED_AT)
    passages = store.passages([hit.key for hit in hits]).values()
    own = sorted(
        (passage for passage in passages if passage.file == document.file),
        key=lambda passage: passage.start,
    )
    for passage in own:
        heading = _last_heading(passage)
        if heading and heading != document.title and len(heading) <= _LONGEST:
            yield heading
    yield _short(document.title)


def _last_heading(passage: Passage) -> str:
    return passage.heading.rsplit(" > ", 1)[-1].strip()


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1].rstrip()}…"
