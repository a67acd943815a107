"""A source as the page shows it: the passage in its surroundings, with the quotation marked."""

from collections.abc import Callable
from typing import Any

import msgspec

from sprat.types import Source

AROUND = 700
"""Characters of the document shown before and after the passage."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the page's own element draws (`files/Source.jsx`); all of it is shown as plain text."""

    file: str
    name: str
    heading: str
    page: int | None
    score: float
    before: str
    text: tuple[tuple[str, bool], ...]
    """The passage in pieces; True: the answer quotes this one."""
    after: str
    begins: bool
    """Whether `before` begins where the document does."""
    ends: bool
    url: str | None
    """Where the browser finds the document itself, a PDF; None: there is only its text."""


def view_of(source: Source, whole: str | None, url: str | None = None) -> View:
    """`whole`: the document's text; None: it is not there any more, and the passage stands alone.

    A document that has changed since is treated likewise: the offsets would point at other words.
    """
    if whole is None or whole[source.start : source.end] != source.text:
        whole, shift = source.text, source.start
    else:
        shift = 0
    start, end = source.start - shift, source.end - shift
    first = _at_a_word(whole, max(0, start - AROUND), start)
    last = _before_a_word_ends(whole, end, min(len(whole), end + AROUND))
    return View(
        file=source.file,
        name=source.file.replace("\\", "/").rsplit("/", 1)[-1],
        heading=source.heading,
        page=source.page,
        score=source.score,
        before=whole[first:start],
        text=_pieces(source),
        after=whole[end:last],
        begins=first == 0,
        ends=last == len(whole),
        url=url,
    )


def props_of(view: View) -> dict[str, Any]:
    """As the page reads it."""
    return msgspec.to_builtins(view)


def pdf_url(source: Source, url_of: Callable[[str], str | None]) -> str | None:
    """Where the browser finds the source's PDF; None where it is none."""
    return url_of(source.file) if source.page and source.file.lower().endswith(".pdf") else None


def _pieces(source: Source) -> tuple[tuple[str, bool], ...]:
    if source.quote is None:
        return ((source.text, False),)
    first = min(max(source.quote[0] - source.start, 0), len(source.text))
    last = min(max(source.quote[1] - source.start, first), len(source.text))
    pieces = (
        (source.text[:first], False),
        (source.text[first:last], True),
        (source.text[last:], False),
    )
    return tuple(piece for piece in pieces if piece[0])


def _at_a_word(text: str, place: int, most: int) -> int:
    """The next beginning of a word: a passage's surroundings do not begin inside one."""
    if place == 0:
        return 0
    while place < most and not text[place - 1].isspace():
        place += 1
    return place


def _before_a_word_ends(text: str, least: int, place: int) -> int:
    if place == len(text):
        return place
    while place > least and not text[place].isspace():
        place -= 1
    return place
