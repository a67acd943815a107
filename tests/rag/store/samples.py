"""Documents to keep, and vectors to find them by."""

import math
import struct
from collections.abc import Sequence

from sprat.rag.document import Document, Passage

DIMENSIONS = 4
FISH = "Cod is a fish of cold water. It is eaten with chips, and salted it keeps for years."
BREAD = "Bread rises by yeast. A sourdough holds wild yeast, and is fed each day."
STAR = 'Étoile: a star shines by fusion. 🌟 O\'Brien *fish* said "no" AND left.'


def document(file: str = "/docs/fish.md", text: str = FISH, **changes) -> Document:
    whole = {"title": "T", "sha256": "ab" * 32, "bytes": len(text), "media": "text"}
    return Document(file=file, text=text, **{**whole, **changes})


def cut(of: Document, heading: str = "", page: int | None = None) -> list[Passage]:
    """One passage for each sentence."""
    found, at = list[Passage](), 0
    for sentence in of.text.split(". "):
        start = of.text.index(sentence, at)
        at = start + len(sentence)
        found.append(
            Passage(file=of.file, start=start, end=at, text=sentence, page=page, heading=heading)
        )
    return found


def vector(*numbers: float) -> bytes:
    """Of length 1."""
    length = math.hypot(*numbers) or 1.0
    return struct.pack(f"<{len(numbers)}f", *(number / length for number in numbers))


def around(count: int, first: int = 0) -> list[bytes]:
    """Different directions, one after another along a half circle."""
    angles = [(first + at) * math.pi / 64 for at in range(count)]
    return [vector(math.cos(angle), math.sin(angle), 0, 0) for angle in angles]


def texts(passages: Sequence[Passage]) -> list[str]:
    return [one.text for one in passages]
