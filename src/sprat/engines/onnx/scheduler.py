"""Decides what the decoder computes next: a piece of a prompt, one answer's tokens, or a batch's.

Running requests hold cache rows 0, 1, 2, …; a request that ends gives its row to the last one, so
that a batch is always the first rows. A lone answer is the same to the last bit whether its prompt
was computed in pieces or at once, and with or without guesses (docs/decisions/own-decode-loop.md).
"""

from collections import deque

import numpy as np

from sprat.engines.onnx.decoder import Decoder, Stop, Stopped
from sprat.engines.onnx.drafts import MOST_DRAFTS
from sprat.engines.onnx.job import Job
from sprat.engines.onnx.native import Floats
from sprat.engines.onnx.pace import Pace
from sprat.engines.onnx.wire import Piece
from sprat.measure.clock import now_ns

MOST_ROWS = 8
FRESH_TOKENS = 2
"""Of a prompt that is known already, so many are computed all the same: the last one's logits are
needed, and one by itself may be rounded otherwise than in company."""
GROW_TOKENS = 256


class Scheduler:
    """Runs jobs to their end."""

    def __init__(self, decoder: Decoder, *, batching: bool, reuse_prefix: bool) -> None:
        self._decoder = decoder
        self._batching = batching
        self._reuse = reuse_prefix
        self.pace = Pace()
        self._reading: tuple[int, Stop] | None = None
        """The job whose prompt is being computed just now, and how to end that."""
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._kept: list[list[int]] = []
        """What each cache row holds, where prefixes are reused."""

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._waiting and not self._running

    def add(self, job: Job) -> None:
        """Queue a job."""
        self._waiting.append(job)

    def cancel(self, number: int) -> Job | None:
        """Forget a job and free its row; None when it has ended already."""
        for job in self._waiting:
            if job.id == number:
                self._waiting.remove(job)
                return job
        for row, job in enumerate(self._running):
            if job.id == number:
                self._leave(row)
                return job
        return None

    def interrupt(self, number: int) -> None:
        """Compute no more of this job's prompt for now; from any thread. `cancel` follows."""
        reading = self._reading
        if reading is not None and reading[0] == number:
            reading[1]()

    def clear(self) -> list[Job]:
        """Forget everything: the jobs that were held."""
        held = [*self._running, *self._waiting]
        self._running.clear()
        self._waiting.clear()
        self._kept.clear()
        return held

    def step(self) -> list[tuple[Job, Piece | None]]:
        """Compute a little: the jobs that have something to show or have finished."""
        news: list[tuple[Job, Piece | None]] = []
        self._admit()
        if self._running and not self._running[-1].prefilled:
            news += self._prefill(len(self._running) - 1)
        decoding = [job for job in self._running if job.prefilled and not job.finish and job.output]
        fresh = {id(job) for job, _ in news}
        batch = [job for job in decoding if id(job) not in fresh]
        if len(decoding) == 1 or not self._batching:
            for job in batch:
                news += self._alone(job)
        elif batch:
            news += self._together(batch)
        for row in reversed(range(len(self._running))):
            if self._running[row].finish:
                self._leave(row)
        return news

    def _admit(self) -> None:
        """Give the next waiting job a row, one at a time: the last one must have its prompt."""
        if not self._waiting or len(self._running) >= MOST_ROWS:
            return
        if self._running and not self._running[-1].prefilled:
            return
        job = self._waiting.popleft()
        row = len(self._running)
        job.started_ns = now_ns()
        self._running.append(job)
        need = len(job.prompt) + min(job.most_tokens, GROW_TOKENS) + MOST_DRAFTS + 2
        used = max(row, len(self._kept))
        rows = self._decoder.cache.rows
        self._decoder.cache.reserve(max(2 * rows, 1) if row >= rows else rows, need, used)
        if self._reuse:
            self._recall(job, row)

    def _recall(self, job: Job, row: int) -> None:
        """Begin with what a free row still knows of this prompt."""
        while len(self._kept) <= row:
            self._kept.append([])
        lengths = [_common(kept, job.prompt) for kept in self._kept[row:]]
        best = max(range(len(lengths)), key=lengths.__getitem__)
        length = min(lengths[best], len(job.prompt) - FRESH_TOKENS)
        if length > 0:
            if best:
                self._decoder.cache.move(row + best, row, length)
            job.past = job.cached = length
        self._kept[row] = []

    def _prefill(self, row: int) -> list[tuple[Job, Piece | None]]:
        job = self._running[row]
        count = self.pace.tokens(len(job.prompt) - job.past, alone=row == 0)
        count = min(count, self._decoder.most_tokens)
        tokens = job.prompt[job.past : job.past + count]
        stop, before = Stop(), now_ns()
        self._reading = job.id, stop
        try:
            logits = self._decoder.run(np.array([tokens]), [job.past], row, stop=stop)
        except Stopped:  # its cancellation is on the way
            return []
        finally:
            self._reading = None
        self.pace.learn(count, (now_ns() - before) / 1e9)
        job.past += count
        if not job.prefilled:
            return []
        return [(job, job.take([job.choose(logits[0, -1])]))]

    def _alone(self, job: Job) -> list[tuple[Job, Piece | None]]:
        """One answer's next token, or several when a guess of them proves right."""
        row = self._running.index(job)
        guess = job.drafts.guess(job.room - 1) if job.drafts else []
        tokens = [job.output[-1], *guess]
        self._make_room(job.past + len(tokens) + 1)
        logits = self._decoder.run(np.array([tokens]), [job.past], row, keep=len(tokens))[0]
        right = _check(job, guess, logits)
        job.past += len(right)
        if job.drafts and guess:
            job.drafts.learn(len(guess), len(right) - 1)
        return [(job, job.take(right))]

    def _together(self, batch: list[Job]) -> list[tuple[Job, Piece | None]]:
        """One token for every answer, in one run over the first rows."""
        self._make_room(max(job.past for job in batch) + 2)
        tokens = np.array([[job.output[-1]] for job in batch])
        logits = self._decoder.run(tokens, [job.past for job in batch], 0)
        news: list[tuple[Job, Piece | None]] = []
        for row, job in enumerate(batch):
            job.past += 1
            news.append((job, job.take([job.choose(logits[row, 0])])))
        return news

    def _make_room(self, tokens: int) -> None:
        cache = self._decoder.cache
        if tokens > cache.tokens:
            cache.reserve(cache.rows, tokens + GROW_TOKENS, cache.rows)

    def _leave(self, row: int) -> None:
        """Free a row: later requests move down, so that decoding rows stay first, without holes."""
        gone, last = self._running[row], len(self._running) - 1
        hole = row
        for source in (last,) if self._running[last].prefilled else (last - 1, last):
            if source > hole:
                self._decoder.cache.move(source, hole, self._running[source].past)
                self._running[hole] = self._running[source]
                hole = source
        self._running.pop()
        if self._reuse:
            self._kept[last] = [*gone.prompt, *gone.output][: gone.past] if row == last else []


def _common(left: list[int], right: list[int]) -> int:
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _check(job: Job, guess: list[int], logits: Floats) -> list[int]:
    """The tokens that follow: the guesses that hold, and the one after them."""
    right: list[int] = []
    for row, guessed in zip(logits, [*guess, None], strict=True):
        right.append(job.choose(row))
        if right[-1] != guessed:
            break
    return right
