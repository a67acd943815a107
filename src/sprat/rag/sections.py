"""The parts of a document that its headings make."""

from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from sprat.rag.document import Document, Heading
from sprat.rag.tokens import tokens_about

LEAST_TOKENS = 24
"""Under a heading with less than that, the next one begins no new passage if it is a deeper one."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a document that no passage reaches out of."""

    start: int
    end: int
    heading: str
    """The headings above it, joined by ` > `; of several small ones, those of the last."""
    marks: tuple[int, ...] = ()
    """Places inside at which it is cut first: where definitions begin, in code."""
    paths: tuple[str, ...] = ()
    """The headings from each of `marks` on."""

    def heading_at(self, place: int) -> str:
        """The headings above a passage that begins at `place`."""
        found = bisect_right(self.marks, place)
        return self.paths[found - 1] if found else self.heading


def sections(document: Document) -> Iterator[Section]:
    """The sections of a document; code is one, since functions are short."""
    headings, end = document.headings, len(document.text)
    paths = list(_paths(headings))
    starts = [heading.start for heading in headings]
    if document.media == "code":
        yield Section(start=0, end=end, heading="", marks=tuple(starts), paths=tuple(paths))
        return
    begun = 0
    if starts and document.text[: starts[0]].strip():
        yield Section(start=0, end=starts[0], heading="")
        begun = starts[0]
    for place, path in enumerate(paths):
        until = starts[place + 1] if place + 1 < len(starts) else end
        if place + 1 < len(starts) and _goes_on(document, place, begun, until):
            continue
        yield Section(start=begun, end=until, heading=path)
        begun = until
    if begun < end and not starts:
        yield Section(start=begun, end=end, heading="")


def _goes_on(document: Document, place: int, begun: int, until: int) -> bool:
    """Whether so little was said that the next heading belongs to it."""
    this, following = document.headings[place], document.headings[place + 1]
    said = document.text[begun:until]
    if following.level > this.level:
        return tokens_about(said) < LEAST_TOKENS
    return len(said.strip()) <= len(this.text) + 8  # nothing but the heading and its marks


def _paths(headings: tuple[Heading, ...]) -> Iterator[str]:
    above: list[Heading] = []
    for heading in headings:
        while above and above[-1].level >= heading.level:
            above.pop()
        above.append(heading)
        yield " > ".join(one.text for one in above)
