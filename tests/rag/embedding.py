"""Embedders for tests of indexing: no model, and the same vectors every time."""

import hashlib
import struct
from collections.abc import Sequence

from sprat.engines.base import Load
from sprat.errors import ContextTooLong
from sprat.types import Embedded, Timing, Usage


class TinyEmbedder:
    """Eight numbers for each text, from its hash; texts longer than `most_chars` are refused."""

    pids: tuple[int, ...] = ()
    name = "tiny"

    def __init__(self, most_chars: int = 1_000_000) -> None:
        self.most_chars = most_chars
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str], *, dimensions=None, kind="passage") -> Embedded:
        for text in texts:
            if len(text) > self.most_chars:
                raise ContextTooLong(f"A text has {len(text)} characters.")
        self.texts += texts
        rows = (hashlib.sha256(text.encode()).digest()[:8] for text in texts)
        return Embedded(
            vectors=tuple(struct.pack("<8f", *(1 + byte for byte in row)) for row in rows),
            dimensions=8,
            usage=Usage(len(texts), 0),
            timing=Timing(scheduled_ns=0, sent_ns=0, done_ns=1),
        )

    async def warm(self) -> Load:
        return Load(load_s=None)

    async def aclose(self) -> None:
        pass
