"""Pages of the web, as Markdown."""

import re

from sprat.errors import DocumentError
from sprat.models.progress import megabytes
from sprat.rag.read.content import Content
from sprat.rag.read.converted import converted
from sprat.rag.read.encoding import text_of
from sprat.rag.read.markdown import headings_of, title_of

MOST_BYTES = 16 * 2**20
"""Of a page: taken apart into its elements it takes many times the memory."""
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def read_html(name: str, data: bytes) -> Content:
    """Read a page; scripts, styles and images are left out.

    Raises:
        DocumentError: it is no text, or too large; or what reads it is not installed.
    """
    if len(data) > MOST_BYTES:
        raise DocumentError(
            f"{name} has {megabytes(len(data))}; of a page of the web at most "
            f"{megabytes(MOST_BYTES)} are read.",
            fix="Cut it into several files, or save it as text.",
        )
    page = _text(name, data).encode()
    text, title = converted(name, page, "HtmlConverter", ".html")
    headings = headings_of(text)
    return Content(
        media="html", text=text, title=title or title_of(text, headings), headings=headings
    )


def _text(name: str, data: bytes) -> str:
    """Decoded as the page itself says, unless it is UTF-8: what says otherwise is often wrong."""
    said = _CHARSET.search(data[:4096])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode(said[1].decode("ascii")) if said else text_of(name, data)
        except (LookupError, UnicodeDecodeError):
            pass
    return text_of(name, data)
