"""Pages → one text, and where each begins in it."""

from collections.abc import Iterable

BREAK = "\n\n"
"""Between two pages: a page ends a paragraph for whoever cuts the text."""


def joined(pages: Iterable[str]) -> tuple[str, tuple[int, ...]]:
    """The text of all pages, and the place of each one's first character."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for page in pages:
        starts.append(length)
        part = page.strip() + BREAK
        parts.append(part)
        length += len(part)
    return "".join(parts), tuple(starts)
