"""The worker process of a model in Foundry Local: owns the SDK and the native runtime under it.

python -m sprat.engines.foundry.worker OPTIONS
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sprat.engines.foundry.facts import read_facts
from sprat.engines.foundry.job import Job
from sprat.engines.foundry.native import FoundryError, Native, open_manager, register, sdk
from sprat.engines.foundry.said import plain
from sprat.engines.foundry.wire import Ask, FromWorker, Options, ToWorker, decode_to_worker
from sprat.engines.worker.serve import fault, serve
from sprat.engines.worker.wire import Ready
from sprat.errors import BadWeights
from sprat.measure.clock import now_ns

LEAST_PATIENCE_S = 1.0


class Worker:
    """One model, and one answer at a time.

    The runtime can stop between two tokens, but not within a prompt. A cancellation is therefore
    waited for as long as loading took; then the process ends, and the next request starts another:
    a prompt that nobody waits for never holds the processor for longer than twice that.
    """

    def __init__(self, options: Options) -> None:
        """Find the model and load it.

        Raises:
            BadWeights: Foundry Local does not have it, or cannot load it.
        """
        begun_ns = now_ns()
        self._facts = read_facts(Path(options.folder))
        self._model = _loaded(options)
        self._patience_s = max(LEAST_PATIENCE_S, (now_ns() - begun_ns) / 1e9)
        self._jobs: deque[Job] = deque()
        self._changing = threading.Lock()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._jobs

    def ready(self) -> Ready:
        """The first message to the parent."""
        facts = self._model.info
        provider = facts.runtime.execution_provider if facts.runtime else ""
        return Ready(now_ns(), provider or self._facts.provider, facts.context_length or 0)

    def receive(self, message: ToWorker) -> list[FromWorker]:
        """Take in a request or a cancellation."""
        if isinstance(message, Ask):
            self._jobs.append(Job(message, self._model, self._facts))
        else:
            for job in [job for job in self._jobs if job.id == message.id]:
                job.close()
                self._leave(job)
        return []

    def step(self) -> Sequence[FromWorker]:
        """Wait for the next word of the answer under way."""
        job = self._jobs[0]
        try:
            return job.step()
        except Exception as error:  # noqa: BLE001 - one bad request must not end the others
            return [fault(job.id, error)]
        finally:
            if job.over:
                self._leave(job)

    def rest(self) -> None:
        """Nothing: all is prepared."""

    def interrupt(self, number: int) -> None:
        """From another thread: stop this answer, and the process too when that takes too long."""
        with self._changing:
            job = self._under_way(number)
            if job is not None:
                job.cancel()
        watch = threading.Timer(self._patience_s, self._give_up, (number,))  # it may begin yet
        watch.daemon = True
        watch.start()

    def _give_up(self, number: int) -> None:
        with self._changing:
            if self._under_way(number) is not None:
                os._exit(0)

    def _under_way(self, number: int) -> Job | None:
        return next((job for job in list(self._jobs)[:1] if job.id == number), None)

    def _leave(self, job: Job) -> None:
        with self._changing:
            self._jobs.remove(job)


def _loaded(options: Options) -> Native:
    try:
        manager = open_manager(Path(options.home))
        model = _found(manager, options)
        model.load()
    except FoundryError as error:
        raise BadWeights(f"Foundry Local cannot load {options.id}: {plain(error)}") from error
    return model


def _found(manager: Native, options: Options) -> Native:
    if not options.public:
        return register(manager, options.id, Path(options.folder))
    model = manager.get_catalog(sdk.CatalogType.PUBLIC).get_model_variant(options.id)
    if model is None:
        raise BadWeights(
            f"Foundry Local's catalogue does not show {options.id}, which was fetched from it.",
            fix="It may need the network. To fetch it anew: sprat foundry register --remove its "
            "name, then ask it.",
        )
    return model


if __name__ == "__main__":
    serve(lambda: Worker(msgspec.json.decode(sys.argv[1], type=Options)), decode_to_worker)
