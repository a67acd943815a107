"""Plain text: its underlined titles are headings, as in reStructuredText."""

import re
from collections.abc import Iterator

from sprat.rag.document import Heading
from sprat.rag.read.content import Content
from sprat.rag.read.encoding import text_of

_UNDERLINED = re.compile(
    r"^(?P<title>[^\W_][^\n]{0,118})\n(?P<line>([=\-~^\"'`#*+.:_])\3{2,})[ \t]*$", re.MULTILINE
)


def read_text(name: str, data: bytes) -> Content:
    """Read a text file.

    Raises:
        DocumentError: it is no text.
    """
    text = text_of(name, data)
    headings = tuple(_headings(text))
    return Content(
        media="text", text=text, title=headings[0].text if headings else "", headings=headings
    )


def _headings(text: str) -> Iterator[Heading]:
    """A line under a title is at least as long as it; a new kind of line is one level deeper."""
    levels: dict[str, int] = {}
    for found in _UNDERLINED.finditer(text):
        title = found["title"].rstrip()
        if len(found["line"]) >= len(title):
            level = levels.setdefault(found["line"][0], len(levels) + 1)
            yield Heading(found.start(), level, title)
