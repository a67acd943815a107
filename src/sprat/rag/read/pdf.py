"""PDF, by PDFium: the text of each page, and the outline as headings."""

import re
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from itertools import islice
from threading import Lock
from typing import Any

from sprat.errors import DocumentError, first_line
from sprat.rag.document import Heading
from sprat.rag.read.content import Content, check_chars
from sprat.rag.read.pages import joined

MOST_PAGES = 10_000
MOST_HEADINGS = 5_000
_PASSWORD = 4
"""`FPDF_ERR_PASSWORD`. Source: https://pdfium.googlesource.com/pdfium (public/fpdfview.h)."""

_one_at_a_time = Lock()  # PDFium is not safe in several threads
_HYPHEN = re.compile("[\x02\ufffe]\n?")
"""What PDFium writes for a hyphen that only the end of a line put there."""
_NO_CHARACTER = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")

Native = Any
"""An object that PDFium's binding made."""


def read_pdf(name: str, data: bytes) -> Content:
    """Read a PDF file; its text has a blank line between pages.

    Raises:
        DocumentError: it is damaged or locked, has no text, or too many pages.
    """
    pdfium: Native = import_module("pypdfium2")
    with _one_at_a_time:
        try:
            with closing(pdfium.PdfDocument(data)) as pdf:
                return _content(name, pdf)
        except pdfium.PdfiumError as error:
            raise _unreadable(name, error) from error


def _content(name: str, pdf: Native) -> Content:
    count = len(pdf)
    if count > MOST_PAGES:
        raise DocumentError(
            f"{name} has {count:,} pages; at most {MOST_PAGES:,} are read.",
            fix="Cut it into several files.",
        )
    text, pages = joined(_page_texts(name, pdf, count))
    if not text.strip():
        raise DocumentError(
            f"{name} has no text: its pages, {count} in all, are pictures.",
            fix="Read them first: ocrmypdf IN.pdf OUT.pdf",
        )
    return Content(
        media="pdf",
        text=text,
        title=str(pdf.get_metadata_dict().get("Title") or ""),
        pages=pages,
        headings=tuple(_headings(pdf, text, pages)),
    )


def _page_texts(name: str, pdf: Native, count: int) -> Iterator[str]:
    """Page by page, so that one whose pages hold more than is read does not fill the memory."""
    chars = 0
    for place in range(count):
        text = _page_text(pdf, place)
        chars += len(text)
        check_chars(name, chars)
        yield text


def _page_text(pdf: Native, place: int) -> str:
    with closing(pdf[place]) as page, closing(page.get_textpage()) as text_page:
        text: str = text_page.get_text_bounded()
    text = _HYPHEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _NO_CHARACTER.sub("", text)


def _headings(pdf: Native, text: str, pages: tuple[int, ...]) -> Iterator[Heading]:
    """The outline, each entry where its words stand on its page; in the order of the text."""
    found: list[Heading] = []
    for entry in islice(pdf.get_toc(), MOST_HEADINGS):
        title = " ".join(str(entry.get_title())[:400].split())
        target = entry.get_dest()
        page: int | None = target.get_index() if target else None
        if title and page is not None and page < len(pages):
            end = pages[page + 1] if page + 1 < len(pages) else len(text)
            found.append(Heading(_place(text, title, pages[page], end), entry.level + 1, title))
    return iter(sorted(found, key=lambda heading: heading.start))


def _place(text: str, title: str, start: int, end: int) -> int:
    """Where a title stands on a line of its own page; the page's beginning if it does not."""
    words = r"\s+".join(map(re.escape, title.split()))
    line = re.compile(rf"^[\d.\s]{{0,12}}{words}", re.IGNORECASE | re.MULTILINE)
    found = line.search(text, start, end)
    return found.start() if found else start


def _unreadable(name: str, error: Native) -> DocumentError:
    if getattr(error, "err_code", None) == _PASSWORD:
        return DocumentError(
            f"{name} is locked by a password.", fix="Save a copy of it without one."
        )
    return DocumentError(
        f"{name} is damaged: {first_line(error)}.", fix="Open it elsewhere and save it again."
    )
