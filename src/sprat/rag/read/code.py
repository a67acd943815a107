"""Code: its text as it stands; what is defined in it is a heading."""

import re
from collections.abc import Iterator

from sprat.rag.document import Heading
from sprat.rag.read.content import Content
from sprat.rag.read.encoding import text_of

_DEFINED = re.compile(
    r"^(?P<indent>[ \t]*)"
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub|"
    r"pub\([a-z]+\)|unsafe|sealed|partial|override|open|data)[ \t]+)*"
    r"(?P<kind>def|class|fn|func|fun|function|struct|enum|trait|interface|module|impl|sub)[ \t]+"
    r"(?P<name>(?:\([^)\n]{0,80}\)[ \t]*)?[A-Za-z_$][\w$]*(?:(?:\.|::)[\w$]+)*)",
    re.MULTILINE,
)
_BELONGS = re.compile(r"[ \t]*(?:@|#(?!\s*$)|//|/\*|\*|--\s)")
"""Lines right above a definition that are a part of it: decorators and comments."""


def read_code(name: str, data: bytes) -> Content:
    """Read a source file.

    Raises:
        DocumentError: it is no text.
    """
    text = text_of(name, data)
    return Content(media="code", text=text, title=name, headings=tuple(_headings(text)))


def _headings(text: str) -> Iterator[Heading]:
    """The deeper a definition is indented, the deeper its level."""
    open_indents: list[int] = []
    last = 0
    for found in _DEFINED.finditer(text):
        indent = len(found["indent"].expandtabs(4))
        while open_indents and open_indents[-1] >= indent:
            open_indents.pop()
        open_indents.append(indent)
        start = _start(text, found.start(), last)
        yield Heading(start, len(open_indents), f"{found['kind']} {found['name']}")
        last = found.end()


def _start(text: str, at: int, least: int) -> int:
    """Where the lines begin that belong to a definition at `at`."""
    while at > least:
        above = text.rfind("\n", 0, at - 1) + 1
        if above < least or not _BELONGS.match(text, above, at):
            break
        at = above
    return at
