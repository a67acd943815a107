"""A document → the passages it is cut into, each with its exact place.

Boundaries are found and pieces joined by chonkie's core (https://github.com/chonkie-inc); the
chunkers around it hand out decoded tokens, whose places in the text can only be guessed.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from importlib import import_module
from math import ceil
from typing import Any

from sprat.rag.document import Document, Passage
from sprat.rag.sections import Section, sections
from sprat.rag.tokens import tokens_about

MOST_TOKENS = 200
"""Of a passage and its headings, by `tokens_about`: the 256 that MiniLM reads are then not
exceeded, and six passages fit a small model's prompt."""
HEADING_TOKENS = 40
"""Of those, how many the headings may take."""
_EVEN = 1.15
"""How much larger than the mean of its section a passage may be, so that the last is no crumb."""

_FENCE = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
_SAID = re.compile(r"\S")
_ITEM = re.compile(r"\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t])")
_ROWS = re.compile(r"^[ \t]*(?:\||`{3}|~{3})", re.MULTILINE)
"""A table's row or the edge of code: what has one is cut between lines, not between sentences."""
_WORD = re.compile(r"\S*\s*")
_SENTENCE_ENDS = [
    end + space for end in (".", "!", "?", ".)", '."', ".”", ";") for space in (" ", "\n")
] + ["。", "！", "？", "।", "؟ ", "۔"]  # noqa: RUF001

Span = tuple[int, int]

core: Any = import_module("chonkie_core")


def chunk(document: Document, most_tokens: int = MOST_TOKENS) -> list[Passage]:
    """The passages of a document, in its order.

    A heading begins a new one, unless there is next to nothing under it. What is longer than
    `most_tokens` is cut between paragraphs (code between definitions), then list items, sentences,
    lines, words, and characters at last. Pieces without a letter or a digit are left out.
    """
    cut = _Cut(document, most_tokens)
    made = (cut.passage(span, section) for section in sections(document) for span in cut(section))
    return [passage for passage in made if passage]


def worded(passage: Passage) -> str:
    """What is turned into a vector: the passage under its innermost headings."""
    names = passage.heading.split(" > ")
    while len(names) > 1 and tokens_about(" > ".join(names)) > HEADING_TOKENS:
        names.pop(0)
    heading = " > ".join(names)[: 4 * HEADING_TOKENS]
    while tokens_about(heading) > HEADING_TOKENS:  # a Hangul syllable alone is three
        heading = heading[:-1]
    return f"{heading}\n{passage.text}" if heading else passage.text


class _Cut:
    """Cuts the sections of one document."""

    def __init__(self, document: Document, most_tokens: int) -> None:
        self._document = document
        self._text = document.text
        self._most_tokens = most_tokens
        self._breaks = sorted(document.pages)
        self._fences: list[Span] = []
        if document.media in {"markdown", "html", "office"}:
            self._fences = [found.span() for found in _FENCE.finditer(self._text)]

    def __call__(self, section: Section) -> list[Span]:
        longest = max(map(tokens_about, (section.heading, *section.paths)))
        room = self._most_tokens - min(longest, HEADING_TOKENS, self._most_tokens // 2)
        return list(self._spans((section.start, section.end), section, max(1, room), 0))

    def passage(self, span: Span, section: Section) -> Passage | None:
        """The passage at `span`, without the space around it; None: nothing is said there."""
        piece = self._text[slice(*span)]
        start = span[0] + len(piece) - len(piece.lstrip())
        text = piece.strip()
        if not any(map(str.isalnum, text)):
            return None
        pages = bisect_right(self._breaks, start)
        return Passage(
            file=self._document.file,
            start=start,
            end=start + len(text),
            text=text,
            page=pages or None,
            heading=section.heading_at(start),
        )

    def _spans(self, span: Span, section: Section, room: int, level: int) -> Iterator[Span]:
        if self._tokens(span) <= room:
            yield span
            return
        parts = self._parts(span, section, room, level)
        for whole in self._joined(parts, room):
            if self._tokens(whole) <= room or whole[1] - whole[0] == 1:
                yield whole
            else:
                yield from self._spans(whole, section, room, level + 1)

    def _tokens(self, span: Span) -> int:
        return tokens_about(self._text[slice(*span)])

    def _joined(self, parts: list[Span], room: int) -> Iterator[Span]:
        """Neighbours as long as there is room for them, and about equally long."""
        counts = [self._tokens(part) for part in parts]
        ends: list[int] = core.find_merge_indices(counts, room)
        even = ceil(_EVEN * sum(counts) / len(ends))
        if even < room and len(evener := core.find_merge_indices(counts, even)) == len(ends):
            ends = evener
        first = 0
        for end in ends:
            yield parts[first][0], parts[end - 1][1]
            first = end

    def _parts(self, span: Span, section: Section, room: int, level: int) -> list[Span]:
        """The pieces of `span`, without gaps; finer from level to level."""
        start, end = span
        rows = self._document.media == "code" or _ROWS.search(self._text, start, end)
        match level:
            case 0:
                return _between(start, end, self._paragraphs(start, end, section))
            case 1 if not rows:
                return _between(start, end, _ends(_ITEM, self._text, start, end))
            case 2 if not rows:
                return _between(start, end, self._sentences(start, end))
            case 1 | 2 | 3:
                return _between(start, end, _ends(re.compile("\n"), self._text, start, end))
            case 4:
                return _between(start, end, _ends(_WORD, self._text, start, end))
            case _:  # a word longer than a passage: no character has more than three tokens
                return _between(start, end, range(start, end, max(1, room // 3)))

    def _paragraphs(self, start: int, end: int, section: Section) -> list[int]:
        """Blank lines outside of code, but none after a heading, or after words that lead on."""
        text = self._text
        begun = max(start, text.find("\n", start, end)) if section.heading else start
        words = _SAID.search(text, begun, end)
        said = words.start() if words else end
        return sorted(
            [
                *section.marks,
                *(at for at in self._breaks if start < at < end),
                *(
                    found.end()
                    for found in _BLANK.finditer(text, start, end)
                    if found.end() > said
                    and text[found.start() - 1] != ":"
                    and not self._in_fence(found.end())
                ),
            ]
        )

    def _in_fence(self, place: int) -> bool:
        before = bisect_right(self._fences, (place, 0)) - 1
        return before >= 0 and self._fences[before][0] < place < self._fences[before][1]

    def _sentences(self, start: int, end: int) -> list[int]:
        piece = self._text[start:end]
        spans: list[Span] = core.split_pattern_offsets(
            piece.encode(), patterns=_SENTENCE_ENDS, include_delim="prev", min_chars=1
        )
        if piece.isascii():
            return [start + at for _, at in spans]
        data, at, ends = piece.encode(), start, list[int]()
        for first, last in spans:
            at += len(data[first:last].decode())
            ends.append(at)
        return ends


def _ends(pattern: re.Pattern[str], text: str, start: int, end: int) -> list[int]:
    return [found.end() for found in pattern.finditer(text, start, end)]


def _between(start: int, end: int, places: "list[int] | range") -> list[Span]:
    """The spans between `start`, those of `places` that lie between, and `end`."""
    inner = sorted({at for at in places if start < at < end})
    return list(zip([start, *inner], [*inner, end], strict=True))
