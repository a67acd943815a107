"""Office files and pages of the web as Markdown, by markitdown's converters; bytes in, text out.

Nothing is fetched: the converters are called on the bytes alone, without plugins or models, and
images, which only show where they lie, are left out but for what they are called.
"""

import io
import re
from importlib import import_module
from typing import Any

from sprat.errors import DocumentError, first_line

Native = Any
"""A class of markitdown."""

_PLAIN = {"escape_underscores": False, "escape_asterisks": False, "escape_misc": False}
"""A text that is searched and quoted says `snake_case`, not `snake\\_case`."""
_IMAGE = re.compile(r"!\[([^\]\n]{0,1000})\]\([^)\n]{0,4000}\)")
_LINK = re.compile(r"\[([^\[\]\n]{0,1000})\]\((?!https?://|mailto:)[^)\n]{0,4000}\)")
"""Links that lead nowhere outside their own file or site."""
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def converted(name: str, data: bytes, converter: str, suffix: str) -> tuple[str, str]:
    """A file's Markdown and its title, by the converter of that name; "" where it has no title.

    Raises:
        DocumentError: the file is damaged; or markitdown is not installed.
    """
    markitdown, converters = _markitdown(name)
    about: Native = markitdown.StreamInfo(extension=suffix, charset="utf-8")
    reader: Native = getattr(converters, converter)()
    options = {**_PLAIN, "strict": True}
    try:
        made: Native = reader.convert(io.BytesIO(data), about, **options)
    except RecursionError as error:
        raise DocumentError(f"{name} is nested too deeply.", fix="Save it as text.") from error
    except Exception as error:  # they raise whatever the package below them does
        raise DocumentError(
            f"{name} is damaged: {type(error).__name__}, {first_line(error, 120)}.",
            fix="Open it elsewhere and save it again.",
        ) from error
    return _tidy(str(made.markdown)), " ".join(str(made.title or "").split())


def _markitdown(name: str) -> tuple[Native, Native]:
    try:
        return import_module("markitdown"), import_module("markitdown.converters")
    except ImportError as error:
        raise DocumentError(
            f"{name} is an Office file or a page of the web; what reads those is not installed.",
            fix="Install it: pip install 'sprat[documents]'",
        ) from error


def _tidy(markdown: str) -> str:
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " ")
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    return _BLANK_LINES.sub("\n\n", text)
