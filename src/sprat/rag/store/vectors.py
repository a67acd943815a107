"""The vectors of a SQLite store: one flat file, a row of float32 for each slot, memory-mapped.

A row is written before the transaction that names its slot is over, into a slot that no committed
passage has; so whatever a reader finds named is there, and what a killed writer left is written
over by the next one. Nobody shortens the file.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from sprat.errors import DocumentError
from sprat.rag.store.faults import damaged, explained

Floats = npt.NDArray[np.float32]

BLOCK_ROWS = 65_536
"""Compared in one go: what has to be in memory at once is that many rows, whatever the file has."""


class Vectors:
    """The file, of rows of `dimensions`. Threads may share it."""

    def __init__(self, path: Path, dimensions: int) -> None:
        self.path = path
        self.dimensions = dimensions
        self._rows: Floats = np.empty((0, dimensions), np.float32)
        self._lock = Lock()

    def write(self, slots: Sequence[int], rows: Floats) -> None:
        """Put rows into slots, down to the disk itself.

        Raises:
            DocumentError: the file cannot be written.
        """
        width = self.dimensions * 4
        try:
            with os.fdopen(os.open(self.path, _FLAGS, 0o666), "r+b") as file:
                for first, last in _runs(slots):
                    file.seek(slots[first] * width)
                    file.write(rows[first:last].tobytes())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise explained(self.path, error) from error

    def nearest(self, query: Floats, slots: int, most: int) -> list[tuple[int, float]]:
        """The best of the first `slots` rows by scalar product: (slot, product), best first.

        Raises:
            DocumentError: the file has fewer rows than that.
        """
        rows = self._mapped(slots)
        products = np.empty(slots, np.float32)
        for at in range(0, slots, BLOCK_ROWS):
            # Row by row, in this thread: BLAS's own threads go on spinning after a product, and the
            # next question's embedding waits for the core.
            np.vecdot(rows[at : min(at + BLOCK_ROWS, slots)], query, out=products[at:][:BLOCK_ROWS])
        most = min(most, slots)
        best = np.argpartition(products, slots - most)[slots - most :]
        best = best[np.lexsort((best, -products[best]))]
        return [(int(slot), float(products[slot])) for slot in best]

    def _mapped(self, slots: int) -> Floats:
        """At least `slots` rows; mapped again when the file has grown past what is mapped."""
        with self._lock:
            if len(self._rows) < slots:
                self._rows = self._map(slots)
            return self._rows

    def _map(self, slots: int) -> Floats:
        try:
            rows = self.path.stat().st_size // (self.dimensions * 4)
            if rows < slots:
                raise damaged(self.path, f"{rows} vectors are there of {slots}")
            return np.memmap(self.path, np.dtype("<f4"), "r", shape=(rows, self.dimensions))
        except OSError as error:
            raise explained(self.path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._rows = np.empty((0, self.dimensions), np.float32)


_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


def _runs(slots: Sequence[int]) -> list[tuple[int, int]]:
    """Where in `slots` each stretch of neighbours begins and ends: one write for each."""
    edges = [at for at in range(1, len(slots)) if slots[at] != slots[at - 1] + 1]
    return list(zip([0, *edges], [*edges, len(slots)], strict=True)) if slots else []


def unit_rows(vectors: Sequence[bytes], dimensions: int | None) -> Floats:
    """Rows of length 1 from little-endian float32.

    Raises:
        DocumentError: one of another size than `dimensions` (None: than the first), or no numbers.
    """
    width = dimensions * 4 if dimensions else len(vectors[0])
    for vector in vectors:
        if len(vector) != width or not width or width % 4:
            raise DocumentError(
                f"A vector has {len(vector) / 4:g} dimensions; this index holds {width / 4:g}.",
                fix="Use the embedding model that it was made with, or: sprat index … --rebuild",
            )
    rows = np.frombuffer(b"".join(vectors), "<f4").reshape(len(vectors), -1)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        raise DocumentError(
            "A vector holds what is no number.", fix="Check the embedding model: sprat doctor"
        )
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
