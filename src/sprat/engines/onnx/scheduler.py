"""Decides what the decoder computes next: a piece of a prompt, one answer's tokens, or a batch's.

Running requests hold cache rows 0, 1, 2, …; a request that ends gives its row to the last one. A
batch is the first rows, up to the last that takes part. A lone answer is the same to the last bit
whether its prompt was computed in pieces or at once, and with or without guesses
(docs/decisions/own-decode-loop.md).
"""

from collections import deque

import numpy as np

from sprat.engines.onnx.decoder import Decoder, Stop, Stopped
from sprat.engines.onnx.job import Job
from sprat.engines.onnx.kept import Kept
from sprat.engines.onnx.native import Floats
from sprat.engines.onnx.pace import Pace
from sprat.engines.onnx.predicted import MOST_READ
from sprat.engines.onnx.reader import MOST_LOGITS
from sprat.engines.onnx.wire import Piece
from sprat.measure.clock import now_ns

MOST_ROWS = 8
GROW_TOKENS = 256


class Scheduler:
    """Runs jobs to their end."""

    def __init__(self, decoder: Decoder, *, batching: bool, reuse_prefix: bool) -> None:
        self._decoder = decoder
        self._batching = batching
        self.pace = Pace()
        self._reading: tuple[int, Stop] | None = None
        """The job whose prompt is being computed just now, and how to end that."""
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._turns = 0
        """How many times a job computed many tokens at once."""
        self._kept = Kept(decoder.cache, reuse=reuse_prefix)

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
        if reading := [job for job in self._running if job.reading]:
            news += self._read(min(reading, key=lambda job: job.turn))
        fresh = {id(job) for job, _ in news}
        decoding = [job for job in self._running if not job.reading and not job.finish]
        batch = [job for job in decoding if id(job) not in fresh]
        if len(batch) == 1 or not self._batching:
            for job in batch:
                news += self._alone(job)
        elif batch:
            news += self._together(batch)
        for row in reversed(range(len(self._running))):
            if self._running[row].finish:
                self._leave(row)
        return news

    def _admit(self) -> None:
        """Give the next waiting job a row, one at a time: all others' prompts must be computed.

        Those that follow a prediction are overtaken: the longest of them would hold up everybody.
        """
        if not self._waiting or len(self._running) >= MOST_ROWS:
            return
        if not all(job.prefilled for job in self._running):
            return
        job = self._waiting.popleft()
        row = len(self._running)
        job.started_ns = now_ns()
        self._running.append(job)
        need = len(job.given) + min(job.most_tokens, GROW_TOKENS) + MOST_READ + 2
        used = max(row, self._kept.rows)
        rows = self._decoder.cache.rows
        self._decoder.cache.reserve(max(2 * rows, 1) if row >= rows else rows, need, used)
        self._kept.recall(job, row)

    def _read(self, job: Job) -> list[tuple[Job, Piece | None]]:
        """A piece of what a job was given, and of its prediction while that holds: its turn."""
        self._turns += 1
        job.turn = self._turns
        if known := job.known():
            return [(job, job.take(known))]
        if job.prefilled:
            return self._alone(job)
        count = self._count(job)
        last = job.past + count == len(job.given)
        guess = self._fitting(job.guess(), count) if last and job.predicted else []
        logits = self._prefill(job, [*job.given[job.past : job.past + count], *guess])
        if logits is None:  # its cancellation is on the way
            return []
        job.past += count
        return self._answered(job, guess, logits) if last and not job.reader else _seen(job, logits)

    def _count(self, job: Job) -> int:
        """How much of what a job was given is computed next; never one token by itself."""
        left, alone = len(job.given) - job.past, len(self._running) == 1
        count = min(self.pace.tokens(left, alone=alone), self._decoder.most_tokens)
        if job.reader:
            count = min(count, max(0, len(job.prompt) - 1 - job.past) + MOST_LOGITS)
        return count - 1 if left - count == 1 else count

    def _prefill(self, job: Job, tokens: list[int]) -> Floats | None:
        """Logits [kept, vocab] of those of the tokens that need them; None: it was cut short."""
        row = self._running.index(job)
        beyond = min(job.past + len(tokens) - len(job.prompt) + 1, len(tokens))
        stop, before = Stop(), now_ns()
        self._reading = job.id, stop
        try:
            logits = self._decoder.run(
                np.array([tokens]), [job.past], row, keep=max(beyond, 1), stop=stop
            )
        except Stopped:
            return None
        finally:
            self._reading = None
        self.pace.learn(len(tokens), (now_ns() - before) / 1e9)
        return logits[0, : max(beyond, 0)]

    def _fitting(self, guess: list[int], beside: int) -> list[int]:
        return guess[: max(0, self._decoder.most_tokens - beside)]

    def _answered(
        self, job: Job, guess: list[int], logits: Floats
    ) -> list[tuple[Job, Piece | None]]:
        """What follows: the guesses that hold, and the token after them."""
        right = _check(job, guess, logits)
        job.past += len(right) - 1
        job.learn(len(guess), len(right) - 1)
        return [(job, job.take(right))]

    def _alone(self, job: Job) -> list[tuple[Job, Piece | None]]:
        """One answer's next token, or several when a guess of them proves right."""
        row = self._running.index(job)
        guess = self._fitting(job.guess(), 1)
        tokens = [job.output[-1], *guess]
        self._make_room(job.past + len(tokens) + 1)
        logits = self._decoder.run(np.array([tokens]), [job.past], row, keep=len(tokens))[0]
        job.past += 1
        return self._answered(job, guess, logits)

    def _together(self, batch: list[Job]) -> list[tuple[Job, Piece | None]]:
        """One token for every answer, in one run over the first rows.

        A row between them whose job reads is computed too, and nobody looks: what that writes is
        behind the job's own tokens, where its next piece goes.
        """
        rows = self._running[: 1 + max(self._running.index(job) for job in batch)]
        self._make_room(max(job.past for job in rows) + 2)
        tokens = np.array([job.output[-1:] or [0] for job in rows])
        logits = self._decoder.run(tokens, [job.past for job in rows], 0)
        news: list[tuple[Job, Piece | None]] = []
        for row, job in enumerate(rows):
            if job in batch:
                job.past += 1
                news.append((job, job.take([job.choose(logits[row, 0])])))
        return news

    def _make_room(self, tokens: int) -> None:
        cache = self._decoder.cache
        if tokens > cache.tokens:
            cache.reserve(cache.rows, tokens + GROW_TOKENS, cache.rows)

    def _leave(self, row: int) -> None:
        """Free a row: later requests move down, so that there is no hole.

        First the last one that decodes, that a batch be of few rows; then the last one of all.
        """
        gone, last = self._running[row], len(self._running) - 1
        later = range(row + 1, len(self._running))
        decoding = [source for source in later if not self._running[source].reading]
        hole = row
        for source in (*decoding[-1:], last):
            if source > hole:
                self._decoder.cache.move(source, hole, self._running[source].past)
                self._running[hole] = self._running[source]
                hole = source
        self._running.pop()
        self._kept.keep(last, gone if row == last else None)


def _seen(job: Job, logits: Floats) -> list[tuple[Job, Piece | None]]:
    """What a job that only reads has to show: nothing, or that it has read everything."""
    if job.reader:
        job.reader.saw(logits)
        job.finish = "stop" if job.prefilled else None
    return [(job, None)] if job.finish else []


def _check(job: Job, guess: list[int], logits: Floats) -> list[int]:
    """The tokens that follow: the guesses that hold, and the one after them."""
    right: list[int] = []
    for row, guessed in zip(logits, [*guess, None], strict=True):
        right.append(job.choose(row, ahead=len(right)))
        if right[-1] != guessed:
            break
    return right
