"""The worker process of an embedding model.

python -m sprat.engines.embedding.worker OPTIONS
"""

import sys
from collections import deque
from pathlib import Path

import msgspec

from sprat.engines.embedding.job import Job
from sprat.engines.embedding.wire import (
    Embed,
    Embedded,
    FromWorker,
    Options,
    ToWorker,
    decode_to_worker,
)
from sprat.engines.worker.serve import fault, serve
from sprat.engines.worker.wire import Cancel, Ready
from sprat.errors import UnsupportedRequest
from sprat.measure.clock import now_ns


class Worker:
    """One model and the calls that it holds: each has a step in turn."""

    def __init__(self, options: Options) -> None:
        """Load the model.

        Raises:
            BadWeights: it cannot be loaded.
        """
        from sprat.engines.embedding.model import CONTEXT_TOKENS, Model

        self._context_tokens = CONTEXT_TOKENS
        self._model = Model(Path(options.folder), options.threads)
        self._jobs: deque[Job] = deque()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._jobs

    def ready(self) -> Ready:
        """The first message to the parent."""
        return Ready(now_ns(), "cpu", self._context_tokens)

    def receive(self, message: ToWorker) -> list[FromWorker]:
        """Take in a call or a cancellation."""
        if isinstance(message, Cancel):
            self._jobs = deque(job for job in self._jobs if job.id != message.id)
            return []
        if message.dimensions not in (None, self._model.dimensions):
            return [fault(message.id, self._other_size(message))]
        self._jobs.append(Job(message, self._context_tokens))
        return []

    def _other_size(self, message: Embed) -> UnsupportedRequest:
        return UnsupportedRequest(
            f"There are no vectors of {message.dimensions} dimensions: this model's have "
            f"{self._model.dimensions}.",
            param="dimensions",
            fix="Leave dimensions out.",
        )

    def rest(self) -> None:
        """Nothing: all is prepared."""

    def interrupt(self, number: int) -> None:
        """Nothing: a step is short."""

    def step(self) -> list[FromWorker]:
        """Let the call that waited longest go on a little."""
        job = self._jobs.popleft()
        try:
            said = job.step(self._model)
        except Exception as error:  # noqa: BLE001 - one bad call must not end the others
            return [fault(job.id, error)]
        if not any(isinstance(message, Embedded) for message in said):
            self._jobs.append(job)
        return [*said]


if __name__ == "__main__":
    serve(lambda: Worker(msgspec.json.decode(sys.argv[1], type=Options)), decode_to_worker)
