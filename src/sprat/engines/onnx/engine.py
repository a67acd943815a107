"""`OnnxEngine`: a local model in a worker process of its own."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from sprat.engines.base import Load
from sprat.engines.onnx.process import Process
from sprat.engines.onnx.wire import Ask, Done, Options, Ready
from sprat.engines.stamps import Stamps
from sprat.errors import EngineError, UnsupportedRequest
from sprat.measure.clock import now_ns
from sprat.types import ChatRequest, Delta, Message, Reply, Timing, TokenLogprob, Usage

_WARM_UP = ChatRequest(messages=(Message("user", "Hello"),), max_tokens=4)


class OnnxEngine:
    """Runs an ONNX Runtime GenAI folder.

    The worker is started by the first request (or by `warm`), and again after it died.

    With `batching`, answers under way at the same time are computed together: faster, but their
    rounding then differs from a lone answer's, and so may a word. Without, they take turns, and at
    temperature 0 an answer never depends on the company it keeps. With `reuse_prefix`, a prompt
    that begins like an earlier one is not computed again from its start: the same answer, sooner;
    but then its time depends on what came before, so measurements leave it off.
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
        self._process: Process | None = None
        self._starting = _Lock()
        self._numbers = itertools.count(1)
        self._load_s: float | None = None

    @property
    def name(self) -> str:
        """The model name that the user typed."""
        return self._name

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker, while there is one."""
        return () if self._process is None else (self._process.pid,)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Reply]:
        """Yield pieces as they come, then one `Reply`. Closing early frees the place at once.

        Raises:
            UnsupportedRequest: a parameter that this engine cannot honour.
            ContextTooLong: the prompt does not fit the model.
            EngineDied: the worker went away while it held this request.
            SpratError: the model cannot be loaded.
        """
        _check(request)
        async with aclosing(self._answer(request, endless=False)) as pieces:
            async for piece in pieces:
                yield piece

    async def _answer(
        self, request: ChatRequest, *, endless: bool
    ) -> AsyncGenerator[Delta | Reply]:
        stamps, sent_ns = Stamps(request), now_ns()
        stamps.sent(sent_ns)
        process, ready = await self._ready_process()
        if ready.at_ns > sent_ns:  # whoever started it: this request had to wait too
            stamps.loaded(ready.at_ns)
        text: list[str] = []
        logprobs: list[TokenLogprob] = []
        ask = Ask(next(self._numbers), request, endless)
        async with aclosing(process.answers(ask)) as messages:
            async for message in messages:
                if isinstance(message, Done):
                    timing = _timing(stamps, message)
                    yield self._reply(request, message, timing, "".join(text), logprobs)
                    return
                delta = Delta(message.text, tokens=message.tokens, logprobs=message.logprobs)
                stamps.piece(delta)
                text.append(message.text)
                logprobs.extend(message.logprobs)
                yield delta
        raise EngineError(f"{self._name} ended its stream without a reply.")

    def _reply(
        self,
        request: ChatRequest,
        done: Done,
        timing: Timing,
        text: str,
        logprobs: list[TokenLogprob],
    ) -> Reply:
        return Reply(
            text=text,
            finish=done.finish,
            usage=Usage(done.input_tokens, done.output_tokens, done.cached_tokens),
            timing=timing,
            model=self._name,
            logprobs=None if request.logprobs is None else tuple(logprobs),
        )

    async def warm(self) -> Load:
        """Load the model if need be, and decode a few tokens.

        Raises:
            SpratError: the model cannot be loaded.
        """
        _, ready = await self._ready_process()
        before = now_ns()
        async with aclosing(self._answer(_WARM_UP, endless=True)) as pieces:
            async for _ in pieces:
                pass
        return Load(
            load_s=self._load_s,
            warm_up_s=(now_ns() - before) / 1e9,
            provider=ready.provider.removesuffix("ExecutionProvider").lower(),
        )

    async def aclose(self) -> None:
        """Stop the worker."""
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    def _options(self) -> Options:
        return Options(
            folder=str(self._folder),
            provider=self._provider,
            threads=self._threads or _physical_cores(),
            batching=self._batching,
            reuse_prefix=self._reuse_prefix,
        )

    async def _ready_process(self) -> tuple[Process, Ready]:
        """A loaded worker, and what it said when it was."""
        async with self._starting.held():
            if self._process is not None and self._process.alive:
                return self._process, await self._process.ready()
            await self.aclose()  # one that died, or belongs to an event loop that has ended
            before = now_ns()
            self._process = await Process.start(self._options())
            try:
                ready = await self._process.ready()
            except BaseException:
                await self.aclose()
                raise
            self._load_s = (ready.at_ns - before) / 1e9
            return self._process, ready


class _Lock:
    """An asyncio lock that works in whichever event loop uses it next."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    def held(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock


def _timing(stamps: Stamps, done: Done) -> Timing:
    stamps.prepared(done.prepared_ns)
    stamps.started(done.started_ns)
    return stamps.done()


def _check(request: ChatRequest) -> None:
    most = request.max_tokens
    faults = {
        "messages is empty": not request.messages,
        f"max_tokens is {most}": most is not None and most < 1,
        f"temperature is {request.temperature}": not 0 <= request.temperature <= 100,
        f"top_p is {request.top_p}": not 0 <= request.top_p <= 1,
        f"logprobs is {request.logprobs}": not 0 <= (request.logprobs or 0) <= 1000,
        f"seed is {request.seed}": request.seed is not None and request.seed < 0,
    }
    for what, wrong in faults.items():
        if wrong:
            raise UnsupportedRequest(f"The request cannot be honoured: {what}.")


def _physical_cores() -> int:
    import psutil

    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
