"""`OnnxEmbedder`: a local embedding model in a worker process of its own."""

import itertools
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from sprat.engines.base import Load, TextKind, check_texts
from sprat.engines.embedding import wire
from sprat.engines.worker.keeper import Keeper, physical_cores
from sprat.engines.worker.process import WorkerProcess
from sprat.engines.worker.taken import asked_again
from sprat.engines.worker.wire import Fault, Ready, Taken
from sprat.errors import EngineError
from sprat.measure.clock import now_ns
from sprat.types import Embedded, Timing, Usage


class EmbeddingProcess(WorkerProcess[wire.Vectors | wire.Embedded]):
    """An embedding model's worker: vectors as they are computed, then `Embedded`."""

    module = "sprat.engines.embedding.worker"

    def _decode(self, body: bytes) -> Ready | Taken | Fault | wire.Vectors | wire.Embedded:
        return wire.decode_from_worker(body)

    def _is_last(self, message: wire.Vectors | wire.Embedded) -> bool:
        return isinstance(message, wire.Embedded)


class OnnxEmbedder:
    """Runs a folder of `model.onnx` and `tokenizer.json`.

    The worker is started by the first call (or by `warm`), and again after it died. Calls under way
    at the same time take turns, a step each: a short one does not wait for a long one to end.
    """

    def __init__(self, name: str, folder: Path, *, threads: int | None = None) -> None:
        self._name = name
        self._folder = folder
        self._threads = threads
        self._keeper = Keeper(self._start)
        self._numbers = itertools.count(1)

    @property
    def name(self) -> str:
        """The model name that the user typed."""
        return self._name

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker, while there is one."""
        return self._keeper.pids

    async def embed(
        self, texts: Sequence[str], *, dimensions: int | None = None, kind: TextKind = "passage"
    ) -> Embedded:
        """One vector per text, in order. Cancelling the call frees its place at once.

        `kind` is the same to it: MiniLM was taught none.

        Raises:
            UnsupportedRequest: no text, an empty one, or vectors of another size.
            ContextTooLong: a text has more tokens than the model reads; says which, and how many.
            EngineDied: the worker went away while it held this call.
            SpratError: the model cannot be loaded.
        """
        check_texts(texts)
        sent_ns = now_ns()
        async with aclosing(asked_again(lambda: self._call(texts, dimensions, sent_ns))) as calls:
            async for embedded in calls:
                return embedded
        raise EngineError(f"{self._name} ended without its vectors.")

    async def _call(
        self, texts: Sequence[str], dimensions: int | None, sent_ns: int
    ) -> AsyncGenerator[Embedded]:
        process, ready = await self._keeper.ready()
        vectors = [b""] * len(texts)
        ask = wire.Embed(next(self._numbers), tuple(texts), dimensions)
        async with aclosing(process.answers(ask)) as messages:
            async for message in messages:
                if isinstance(message, wire.Embedded):
                    yield self._embedded(vectors, message, _timing(sent_ns, ready, message))
                    return
                for place, vector in zip(message.places, message.vectors, strict=True):
                    vectors[place] = vector

    def _embedded(self, vectors: list[bytes], done: wire.Embedded, timing: Timing) -> Embedded:
        return Embedded(
            vectors=tuple(vectors),
            dimensions=done.dimensions,
            usage=Usage(done.input_tokens, 0, counted_by="tokenizer"),
            timing=timing,
            model=self._name,
        )

    async def warm(self) -> Load:
        """Load the model if need be.

        Raises:
            SpratError: the model cannot be loaded.
        """
        _, ready = await self._keeper.ready()
        return Load(load_s=self._keeper.load_s, provider=ready.provider)

    async def aclose(self) -> None:
        """Stop the worker."""
        await self._keeper.stop()

    async def _start(self) -> EmbeddingProcess:
        threads = self._threads or physical_cores()
        options = wire.Options(folder=str(self._folder), threads=threads)
        return await EmbeddingProcess.start(options, self._name)


def _timing(sent_ns: int, ready: Ready, done: wire.Embedded) -> Timing:
    return Timing(
        scheduled_ns=sent_ns,
        sent_ns=sent_ns,
        prepared_ns=done.prepared_ns,
        started_ns=done.started_ns,
        loaded_ns=ready.at_ns if ready.at_ns > sent_ns else None,
        done_ns=now_ns(),
    )
