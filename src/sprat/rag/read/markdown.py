"""Markdown: its text as it stands; headings by `#` and by underlines, none inside code."""

import re
from collections.abc import Iterator

from sprat.rag.document import Heading
from sprat.rag.read.content import Content
from sprat.rag.read.encoding import text_of

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HASHES = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_NO_TITLE = re.compile(r"[ \t]*(?:$|[-*+>|#]|\d+[.)][ \t])| {4}|\t")
"""Lines that no underline makes a heading: blank ones, lists, quotations, tables, code."""
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title[ \t]*:[ \t]*(.+)$", re.MULTILINE | re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")


def read_markdown(name: str, data: bytes) -> Content:
    """Read a Markdown file.

    Raises:
        DocumentError: it is no text.
    """
    text = text_of(name, data)
    headings = headings_of(text)
    return Content(media="markdown", text=text, title=title_of(text, headings), headings=headings)


def title_of(text: str, headings: tuple[Heading, ...]) -> str:
    """The front matter's title, or the first of the outermost headings."""
    front = _FRONT.match(text)
    if front and (named := _FRONT_TITLE.search(front[1])):
        return named[1].strip().strip("\"'")
    return min(headings, key=lambda heading: heading.level).text if headings else ""


def headings_of(text: str) -> tuple[Heading, ...]:
    """The headings of a Markdown text. Source: https://spec.commonmark.org (4.2, 4.3, 4.5)."""
    front = _FRONT.match(text)
    return tuple(_headings(text, front.end() if front else 0))


def _headings(text: str, at: int) -> Iterator[Heading]:
    fence, above, above_at = "", "", at
    for line in text[at:].split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            above = ""
        elif mark:
            fence, above = mark[1], ""
        elif hashes := _HASHES.match(line):
            if title := _plain(_without_closing(line[hashes.end() :])):
                yield Heading(at, len(hashes[1]), title)
            above = ""
        elif above and (under := _UNDERLINE.match(line)):
            yield Heading(above_at, 1 if under[1][0] == "=" else 2, _plain(above))
            above = ""
        else:  # of a paragraph of several lines, the last one is taken for the heading
            above, above_at = ("" if _NO_TITLE.match(line) else line), at
        at += len(line) + 1


def _without_closing(title: str) -> str:
    """A row of `#` may end a heading, after a space."""
    title = title.strip()
    bare = title.rstrip("#")
    return bare if not bare or bare[-1] in " \t" else title


def _plain(title: str) -> str:
    """A heading without its marks: links are their text, and emphasis and code are plain."""
    return " ".join(re.sub(r"\*\*|__|`", "", _LINK.sub(r"\1", title[:1000])).split())[:200]
