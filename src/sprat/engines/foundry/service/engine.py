"""One model behind Foundry Local's service: made ready, asked, and its troubles explained."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import msgspec

from sprat.engines.base import Load, ask
from sprat.engines.foundry.service import troubles
from sprat.engines.foundry.service.command import Told, ask_command
from sprat.engines.foundry.service.loading import Loaded, make_ready
from sprat.engines.foundry.service.seen import look
from sprat.engines.openai import Limits, OpenAIEngine
from sprat.engines.openai.engine import WARM_UP
from sprat.engines.openai.session import key_of
from sprat.engines.patience import aside
from sprat.errors import (
    ContextTooLong,
    EngineDied,
    EngineError,
    EngineRefused,
    EngineTimeout,
)
from sprat.measure.clock import now_ns
from sprat.models.progress import Progress, silent
from sprat.settings import Endpoint, is_here, root_of
from sprat.types import ChatRequest, Delta, Reply, Step

LABEL = "foundry"
_LOOK_S = 5.0
_COMMAND_S = 8.0
"""The service's own command takes a second or two to start."""


class FoundryServiceEngine:
    """A model of Foundry Local's service, by alias or by full id.

    Where something else answers at the address, it is asked as any other endpoint.
    """

    pids: tuple[int, ...] = ()

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        model: str,
        *,
        progress: Progress = silent,
        limits: Limits | None = None,
    ) -> None:
        """Connect nothing yet.

        Raises:
            SettingsError: `endpoint.key_env` names a variable that is not set.
        """
        self.name = name
        self._endpoint = msgspec.structs.replace(endpoint, url=f"{root_of(endpoint.url)}/v1")
        self._key = key_of(LABEL, endpoint)
        self._model = model
        self._progress = progress
        self._limits = limits
        self._id: str | None = None
        self._engines: dict[str, OpenAIEngine] = {}
        self._loading: asyncio.Task[Loaded] | None = None
        self._loaded_ns = 0
        """When a load last ended that this engine began."""

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield the pieces, then one `Reply`; a cold model is loaded first, and that is timed.

        Raises:
            UnsupportedRequest: a field that OpenAI's form has no place for.
            EngineError: with what is wrong at the service, where that can be seen.
        """
        return self._stream(request, now_ns())

    async def _stream(
        self, request: ChatRequest, begun_ns: int, failed: EngineError | None = None
    ) -> AsyncGenerator[Delta | Reply]:
        """The answer; `failed` is why it is asked for a second time."""
        begun = False
        inner, loaded_ns = await self._ready(begun_ns)
        try:
            async with aclosing(inner.stream(request)) as pieces:
                async for piece in pieces:
                    begun = True
                    yield self._whole(piece, request, begun_ns, loaded_ns)
        except EngineError as error:
            if begun or failed or not await self._was_unloaded(error, inner):
                raise await self._explained(error, begun=begun) from error
            why = error
        else:
            return
        async with aclosing(self._stream(request, begun_ns, why)) as pieces:
            async for piece in pieces:
                yield _after_retry(piece, self.name, why.message)

    async def warm(self) -> Load:
        """Load the model if need be, and send a tiny prompt.

        Raises:
            EngineError: as `stream`.
        """
        loaded = None if self._id is not None else await self._make_ready()
        reply = await ask(self, WARM_UP)
        return Load(load_s=loaded.load_s if loaded else None, warm_up_s=reply.timing.answer_s)

    async def models(self) -> list[str]:
        """The model names that the service offers; empty when it does not say."""
        engine = OpenAIEngine(self.name, self._endpoint, self._model, label=LABEL)
        try:
            return await engine.models()
        finally:
            await engine.aclose()

    async def aclose(self) -> None:
        """Close the connections, wait for no load. Safe to call twice."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        for engine in self._engines.values():
            await engine.aclose()

    async def _ready(self, begun_ns: int) -> tuple[OpenAIEngine, int | None]:
        """The engine of the model's full id; and when a load ended that came in since `begun_ns`.

        None: there was none to wait for.
        """
        if self._id is None:
            engine = self._engine((await self._make_ready()).id)
        else:
            engine = self._engine(self._id)
        return engine, self._loaded_ns if self._loaded_ns > begun_ns else None

    def _engine(self, id_: str) -> OpenAIEngine:
        if id_ not in self._engines:
            self._engines[id_] = OpenAIEngine(
                self.name, self._endpoint, id_, label=LABEL, limits=self._limits
            )
        return self._engines[id_]

    async def _make_ready(self) -> Loaded:
        """One load for all who wait; it goes on when one of them leaves."""
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(_heard)
        return await asyncio.shield(self._loading)

    async def _load(self) -> Loaded:
        loaded, certain = await aside(self._look)
        if loaded.load_s is not None:
            self._loaded_ns = now_ns()
        self._id = loaded.id if certain else None
        return loaded

    def _look(self) -> tuple[Loaded, bool]:
        """The model, ready; and whether that is known, or nothing answered that could tell."""
        seen = look(self._endpoint.url, within_s=_LOOK_S, key=self._key)
        if not seen.is_foundry:  # asking it tells what is wrong, if anything is
            return Loaded(id=self._model), seen.kind != "nothing"
        return make_ready(self._model, seen, self._progress, key=self._key), True

    async def _was_unloaded(self, error: EngineError, asked: OpenAIEngine) -> bool:
        """Whether the service did not have what was asked in its memory, and now has."""
        if not isinstance(error, EngineRefused) or error.status not in {400, 404, 500}:
            return False
        loaded = await self._make_ready()
        return loaded.load_s is not None or self._engine(loaded.id) is not asked

    def _whole(
        self, piece: Delta | Reply, request: ChatRequest, begun_ns: int, loaded_ns: int | None
    ) -> Delta | Reply:
        if isinstance(piece, Delta):
            return piece
        self._refuse_nothing(piece)
        timing = piece.timing
        if request.scheduled_ns is None:
            timing = msgspec.structs.replace(timing, scheduled_ns=begun_ns)
        if loaded_ns is not None:
            timing = msgspec.structs.replace(timing, sent_ns=begun_ns, loaded_ns=loaded_ns)
        return msgspec.structs.replace(piece, timing=timing)

    def _refuse_nothing(self, reply: Reply) -> None:
        """An answer that ends before its first word is no answer: the page would stay empty."""
        if reply.text or reply.reasoning or reply.tool_calls or reply.finish != "stop":
            return
        raise EngineRefused(
            f"{self.name} ended its answer before the first word.",
            fix="Ask again; if it stays empty, this variant does not suit the device: take another "
            "one of sprat foundry models, its CPU one say.",
        )

    async def _explained(self, error: EngineError, *, begun: bool) -> EngineError:
        """The same error with what a look at the service shows; itself when that shows nothing."""
        if isinstance(error, ContextTooLong):
            return error
        seen = await aside(lambda: look(self._endpoint.url, within_s=_LOOK_S, key=self._key))
        if seen.kind == "nothing":
            here = is_here(seen.root)
            told = await aside(lambda: ask_command(_COMMAND_S)) if here else Told(installed=False)
            wrong = troubles.unanswered(seen, told)
            if isinstance(error, EngineDied) and not begun:  # the same fact, said better
                return EngineDied(wrong.what, fix=wrong.fix)
            return _with(error, wrong)
        unknown = isinstance(error, EngineRefused) and error.status == 404
        if seen.kind == "other" or (unknown and not seen.is_foundry):
            return _with(error, troubles.not_foundry(seen), keep_fix=True)
        return error


def _heard(task: "asyncio.Task[Loaded]") -> None:
    """A load that failed when nobody waited any more is no unhandled error."""
    if not task.cancelled():
        task.exception()


def _with(error: EngineError, trouble: troubles.Trouble, *, keep_fix: bool = False) -> EngineError:
    fix = error.fix if keep_fix and error.fix else trouble.fix
    message = f"{error.message} {trouble.what}"
    if isinstance(error, EngineRefused):
        return EngineRefused(
            message, status=error.status, retry_after_s=error.retry_after_s, fix=fix
        )
    kind = type(error) if isinstance(error, EngineDied | EngineTimeout) else EngineError
    return kind(message, fix=fix)


def _after_retry(piece: Delta | Reply, name: str, why: str) -> Delta | Reply:
    if isinstance(piece, Delta):
        return piece
    step = Step(role="retry", engine=name, why=f"{why} It was loaded again.")
    return msgspec.structs.replace(piece, steps=(step, *piece.steps))
