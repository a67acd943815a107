"""The worker process of a local model: owns the native libraries, reads requests, writes answers.

python -m sprat.engines.onnx.worker OPTIONS
"""

import sys
from pathlib import Path

import msgspec

from sprat.engines.onnx.wire import FromWorker, Options, ToWorker, decode_to_worker
from sprat.engines.worker.serve import fault, serve
from sprat.engines.worker.wire import Cancel, Ready
from sprat.measure.clock import now_ns


class Worker:
    """One model and the requests that it answers."""

    def __init__(self, options: Options) -> None:
        """Load everything.

        Raises:
            SpratError: the folder or the provider cannot be used.
        """
        from sprat.engines.onnx.decoder import Decoder, quiet
        from sprat.engines.onnx.folder import read_folder
        from sprat.engines.onnx.intake import Intake
        from sprat.engines.onnx.scheduler import Scheduler

        quiet()
        self._folder = read_folder(Path(options.folder))
        self._intake = Intake(self._folder)
        self._decoder = Decoder(self._folder, options.provider, options.threads)
        self._scheduler = Scheduler(
            self._decoder,
            batching=options.batching and self._decoder.cache.batches,
            reuse_prefix=options.reuse_prefix,
        )
        self._guesses = self._decoder.check_exact()
        self._serves = options.reuse_prefix

    def ready(self) -> Ready:
        """The first message to the parent."""
        opened = self._decoder.opened
        return Ready(
            now_ns(),
            opened.provider.name,
            self._folder.context_tokens,
            device=opened.device,
            nodes=opened.nodes,
        )

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return self._scheduler.idle

    def rest(self) -> None:
        """Prepare for grammars: done at the first of them, it would hold up all other answers.

        Not where speed and memory are measured: there nothing happens that was not asked for.
        """
        if self._serves:
            self._intake.prepare_grammars()

    def interrupt(self, number: int) -> None:
        """From another thread: compute no more of this request's prompt."""
        self._scheduler.interrupt(number)

    def receive(self, message: ToWorker) -> list[FromWorker]:
        """Take in a request or a cancellation."""
        if isinstance(message, Cancel):
            self._scheduler.cancel(message.id)
            return []
        try:
            self._scheduler.add(self._intake.job(message, guesses=self._guesses))
        except Exception as error:  # noqa: BLE001 - one bad request must not end the others
            return [fault(message.id, error)]
        return []

    def step(self) -> list[FromWorker]:
        """Compute a little; what the parent should hear of it."""
        try:
            news = self._scheduler.step()
        except Exception as error:  # noqa: BLE001 - said to every request that it concerns
            return [fault(job.id, error) for job in self._scheduler.clear()]
        said: list[FromWorker] = []
        for job, piece in news:
            if piece is not None:
                said.append(piece)
            if job.finish is not None:
                said.append(job.done())
        return said


if __name__ == "__main__":
    serve(lambda: Worker(msgspec.json.decode(sys.argv[1], type=Options)), decode_to_worker)
