"""A document's text as it is kept: compressed, and made of whole characters."""

import re
import zlib

_LEVEL = 1
"""Of zlib: three times as fast as its default, and the texts a tenth larger."""
_HALVES = re.compile("[\ud800-\udfff]")


def whole(text: str) -> str:
    """With halves of characters (lone surrogates), which no file can hold, as U+FFFD."""
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


def packed(text: str) -> bytes:
    """Compressed."""
    return zlib.compress(whole(text).encode(), _LEVEL)


def unpacked(body: bytes) -> str:
    """The text again."""
    return zlib.decompress(body).decode()
