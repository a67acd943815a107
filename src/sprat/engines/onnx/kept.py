"""What free cache rows still hold: the beginning of a prompt that comes again is not recomputed.

With `reuse`, of every answer. Without, only of a job that read a prediction, and only for another
with a prediction, whose prompt begins with all of that job's: plain requests find nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sprat.engines.onnx.cache import KeyValueCache
from sprat.engines.onnx.device_cache import DeviceCache
from sprat.engines.onnx.job import Job

FRESH_TOKENS = 2
"""Of a prompt that is known already, so many are computed all the same: the last one's logits are
needed, and one by itself may be rounded otherwise than in company."""


class _Row(NamedTuple):
    tokens: Sequence[int] = ()
    """What is in the cache."""
    reader: Job | None = None
    """Who read a prediction there."""


class Kept:
    """The rows behind those of the running jobs."""

    def __init__(self, cache: KeyValueCache | DeviceCache, *, reuse: bool) -> None:
        self._cache = cache
        self._reuse = reuse
        self._rows: list[_Row] = []

    @property
    def rows(self) -> int:
        """So many rows of the cache may hold something."""
        return len(self._rows)

    def clear(self) -> None:
        """Nothing can be recalled any more."""
        self._rows.clear()

    def keep(self, row: int, job: Job | None) -> None:
        """A job left this row free; None: what lies there is of no use."""
        self._rows += [_Row()] * (row + 1 - len(self._rows))
        reader = job if job and job.reader and job.finish else None
        known = [*job.given, *job.output][: job.past] if job and (self._reuse or reader) else []
        self._rows[row] = _Row(known, reader)

    def recall(self, job: Job, row: int) -> None:
        """Begin with what a free row still knows; `row` is the job's own, and the first of them."""
        found = [(self._shared(kept, job), kept.reader is not None) for kept in self._rows[row:]]
        length, _ = best = max(found, default=(0, False))
        if length > 0:
            source = row + found.index(best)
            job.past = job.cached = length
            job.begin_as_read(self._rows[source].reader)
            if source > row:
                self._cache.move(source, row, job.past)
        self.keep(row, None)

    def _shared(self, kept: _Row, job: Job) -> int:
        """How many tokens a job may begin with."""
        length = _common(kept.tokens, job.prompt)
        if not self._reuse:
            asks = job.predicted is not None or job.reader is not None
            if not asks or kept.reader is None or length < len(kept.reader.prompt):
                return 0
        return min(length, len(job.prompt) - FRESH_TOKENS)


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))
