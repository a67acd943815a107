"""`OnnxEngine`: a local model in a worker process of its own."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from sprat.engines.base import Load
from sprat.engines.calls import joined
from sprat.engines.onnx.check import check
from sprat.engines.onnx.process import Process
from sprat.engines.onnx.providers import CPU, DIED_FIX
from sprat.engines.onnx.wire import Ask, Done, Options, Piece
from sprat.engines.stamps import Stamps
from sprat.engines.worker.keeper import Keeper, physical_cores
from sprat.engines.worker.taken import asked_again
from sprat.engines.worker.wire import Ready
from sprat.errors import EngineDied, EngineError
from sprat.measure.clock import now_ns
from sprat.types import ChatRequest, Delta, Message, Reply, Timing, Usage

_WARM_UP = ChatRequest(messages=(Message("user", "Hello"),), max_tokens=4, ignore_end=True)


class OnnxEngine:
    """Runs an ONNX Runtime GenAI folder.

    The worker is started by the first request (or by `warm`), and again after it died.

    With `batching`, answers under way at the same time are computed together: faster, but their
    rounding then differs from a lone answer's, and so may a word. Without, they take turns, and at
    temperature 0 an answer never depends on the company it keeps. With `reuse_prefix`, a prompt
    that begins like an earlier one is not computed again from its start: the same answer, sooner
    (but for the rounding of an earlier answer that was written in company); but then its time
    depends on what came before, so measurements leave it off.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        provider: str = "cpu",
        threads: int | None = None,
        batching: bool = True,
        reuse_prefix: bool = False,
    ) -> None:
        self._name = name
        self._folder = folder
        self._provider = provider
        self._threads = threads
        self._batching = batching
        self._reuse_prefix = reuse_prefix
        self._keeper = Keeper(lambda: Process.start(self._options(), self._name))
        self._numbers = itertools.count(1)

    @property
    def name(self) -> str:
        """The model name that the user typed."""
        return self._name

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker, while there is one."""
        return self._keeper.pids

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Reply]:
        """Yield pieces as they come, then one `Reply`. Closing early frees the place at once.

        Raises:
            UnsupportedRequest: a parameter that this engine cannot honour.
            ContextTooLong: the prompt does not fit the model.
            EngineDied: the worker went away while it held this request.
            SpratError: the model cannot be loaded.
        """
        check(request)
        async with aclosing(self._answer(request)) as pieces:
            async for piece in pieces:
                yield piece

    async def _answer(self, request: ChatRequest) -> AsyncGenerator[Delta | Reply]:
        stamps, sent_ns = Stamps(request), now_ns()
        stamps.sent(sent_ns)
        ask = Ask(next(self._numbers), request)
        async with aclosing(asked_again(lambda: self._asked(ask, stamps, sent_ns))) as pieces:
            async for piece in pieces:
                yield piece

    async def _asked(self, ask: Ask, stamps: Stamps, sent_ns: int) -> AsyncGenerator[Delta | Reply]:
        process, ready = await self._loaded()
        if ready.at_ns > sent_ns:  # whoever started it: this request had to wait too
            stamps.loaded(ready.at_ns)
        pieces: list[Delta] = []
        async with aclosing(process.answers(ask)) as messages:
            async for message in messages:
                if isinstance(message, Done):
                    yield self._reply(ask.request, message, _timing(stamps, message), pieces)
                    return
                pieces.append(_delta(message))
                stamps.piece(pieces[-1], tool_call=bool(message.tool_calls))
                yield pieces[-1]
        raise EngineError(f"{self._name} ended its stream without a reply.")

    def _reply(
        self,
        request: ChatRequest,
        done: Done,
        timing: Timing,
        pieces: list[Delta],
    ) -> Reply:
        logprobs = tuple(entry for piece in pieces for entry in piece.logprobs)
        return Reply(
            text="".join(piece.text for piece in pieces),
            finish=done.finish,
            usage=Usage(
                done.input_tokens,
                done.output_tokens,
                done.cached_tokens,
                accepted_prediction_tokens=done.accepted_tokens,
                rejected_prediction_tokens=done.rejected_tokens,
            ),
            timing=timing,
            model=self._name,
            tool_calls=joined(part for piece in pieces for part in piece.tool_calls),
            logprobs=None if request.logprobs is None else logprobs,
            read=done.read,
        )

    async def warm(self) -> Load:
        """Load the model if need be, and decode a few tokens.

        Raises:
            SpratError: the model cannot be loaded.
        """
        _, ready = await self._loaded()
        before = now_ns()
        async with aclosing(self._answer(_WARM_UP)) as pieces:
            async for _ in pieces:
                pass
        return Load(
            load_s=self._keeper.load_s,
            warm_up_s=(now_ns() - before) / 1e9,
            provider=ready.provider,
            device=ready.device or None,
            nodes=ready.nodes or None,
        )

    async def _loaded(self) -> tuple[Process, Ready]:
        try:
            return await self._keeper.ready()
        except EngineDied as error:
            if self._provider == CPU.name:
                raise
            line = f"The execution provider {self._provider} may be at fault: {error.message}"
            raise EngineDied(line, fix=DIED_FIX) from error

    async def aclose(self) -> None:
        """Stop the worker."""
        await self._keeper.stop()

    def _options(self) -> Options:
        return Options(
            folder=str(self._folder),
            provider=self._provider,
            threads=self._threads or physical_cores(),
            batching=self._batching,
            reuse_prefix=self._reuse_prefix,
        )


def _delta(piece: Piece) -> Delta:
    return Delta(
        piece.text,
        tokens=piece.tokens,
        logprobs=piece.logprobs,
        tool_calls=piece.tool_calls,
    )


def _timing(stamps: Stamps, done: Done) -> Timing:
    stamps.prepared(done.prepared_ns)
    stamps.started(done.started_ns)
    return stamps.done()
