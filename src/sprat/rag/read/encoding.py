"""Bytes → text, where they are one."""

import codecs
import re

from sprat.errors import DocumentError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STEERING = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Control characters that no text has; a page feed and the colours of a terminal log may be."""
_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_SHARE = 0.3
"""More accented letters than that stand in no text of a language that Latin-1 can write."""


def text_of(name: str, data: bytes) -> str:
    """The text, with a bare line feed after each line, and without the mark of its encoding.

    UTF-8, UTF-16 or UTF-32 by its mark; else UTF-8; else Windows-1252, the superset of Latin-1 that
    is used for it everywhere, if it looks like text then.

    Raises:
        DocumentError: these are no text's bytes.
    """
    text = _marked(data)
    if text is None:
        text = _unmarked(data)
    if text is None or _is_noise(text):
        raise DocumentError(
            f"{name} is no text, nor any document that is read here.",
            fix="Save it as UTF-8 text if it is one.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _marked(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    return None


def _unmarked(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if len(_HIGH.findall(data)) > _HIGH_SHARE * len(data):
        return None
    return data.decode("cp1252", errors="replace")


def _is_noise(text: str) -> bool:
    return "\0" in text or len(_STEERING.findall(text)) > len(text) / 1000
