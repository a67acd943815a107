"""What every reader hands out: a text, and where its pages and headings begin."""

import msgspec

from sprat.errors import DocumentError
from sprat.rag.document import Heading

MOST_CHARS = 20_000_000
"""Of a document's text: about ten thousand printed pages."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The inside of a file."""

    media: str
    """`pdf`, `office`, `html`, `markdown`, `text`, `code`."""
    text: str
    title: str = ""
    """As the file itself says it; empty: it says none."""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()


def check_chars(name: str, count: int) -> None:
    """See that a document's text is one that is read.

    Raises:
        DocumentError: it is longer.
    """
    if count > MOST_CHARS:
        raise DocumentError(
            f"{name} has {count:,} characters; at most {MOST_CHARS:,} are read.",
            fix="Cut it into several files.",
        )
