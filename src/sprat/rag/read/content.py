"""What every reader hands out: a text, and where its pages and headings begin."""

import msgspec

from sprat.rag.document import Heading


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The inside of a file."""

    media: str
    """`pdf`, `office`, `html`, `markdown`, `text`, `code`."""
    text: str
    title: str = ""
    """As the file itself says it; empty: it says none."""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
