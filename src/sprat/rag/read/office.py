"""Word, PowerPoint and Excel files, as Markdown: slides and sheets have headings."""

import io
import re
import zipfile
from collections.abc import Callable

from sprat.errors import DocumentError
from sprat.models.progress import megabytes
from sprat.rag.read.content import Content
from sprat.rag.read.converted import converted
from sprat.rag.read.markdown import headings_of, title_of
from sprat.rag.read.pages import joined

MOST_UNPACKED_BYTES = 128 * 2**20
MOST_MARKUP_BYTES = 16 * 2**20
"""Of it that is no picture: read, a cell takes fifty times the memory that it takes in the file, a
paragraph a hundred times."""
MOST_PARTS = 20_000
_SLIDE = re.compile(r"^<!-- Slide number: \d+ -->[ \t]*$", re.MULTILINE)
_EMPTY_CELL = re.compile(r"(?<=\| )(?:NaN|NaT|Unnamed: \d+)(?= \|)")
"""What pandas writes for a cell, or for a column's name, that is not there."""


def reader_of(medium: str) -> Callable[[str, bytes], Content]:
    """What reads `docx`, `pptx` or `xlsx`."""
    return {"docx": _read_docx, "pptx": _read_pptx, "xlsx": _read_xlsx}[medium]


def _read_docx(name: str, data: bytes) -> Content:
    text, title = _converted(name, data, "docx")
    return _content(text, title)


def _read_xlsx(name: str, data: bytes) -> Content:
    text, title = _converted(name, data, "xlsx")
    return _content(_EMPTY_CELL.sub("", text), title)


def _read_pptx(name: str, data: bytes) -> Content:
    """A slide is a page, and has a heading, if only its number."""
    text, title = _converted(name, data, "pptx")
    slides = [slide.strip() for slide in _SLIDE.split(text)[1:]]
    named = [
        slide if slide.startswith("#") else f"# Slide {number}\n\n{slide}"
        for number, slide in enumerate(slides, 1)
    ]
    whole, pages = joined(named)
    return _content(whole, title, pages)


def _converted(name: str, data: bytes, medium: str) -> tuple[str, str]:
    _check_unpacked(name, data)
    return converted(name, data, f"{medium.title()}Converter", f".{medium}")


def _content(text: str, title: str, pages: tuple[int, ...] = ()) -> Content:
    headings = headings_of(text)
    title = title or title_of(text, headings)
    return Content(media="office", text=text, title=title, pages=pages, headings=headings)


def _check_unpacked(name: str, data: bytes) -> None:
    """A few kilobytes can be packed so that they fill the memory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        whole = sum(part.file_size for part in parts)
        if whole <= MOST_UNPACKED_BYTES and len(parts) <= MOST_PARTS:
            markup = sum(part.file_size for part in parts if _is_markup(archive, part))
            if markup <= MOST_MARKUP_BYTES:
                return
    raise DocumentError(
        f"{name} is {megabytes(whole)} in {len(parts):,} parts when it is unpacked; at most "
        f"{megabytes(MOST_UNPACKED_BYTES)} in {MOST_PARTS:,} are read, without its pictures "
        f"{megabytes(MOST_MARKUP_BYTES)}.",
        fix="Cut it into several files.",
    )


def _is_markup(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """By its first characters: by which name it is read, the file itself says."""
    with archive.open(part) as opened:
        text = opened.read(64).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    return not text or text.startswith(b"<")
