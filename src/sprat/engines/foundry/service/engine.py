"""One model behind Foundry Local's service: made ready, asked, and its troubles explained."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import msgspec

from sprat.engines.base import Load, ask
from sprat.engines.foundry.service import troubles
from sprat.engines.foundry.service.command import Told, ask_command
from sprat.engines.foundry.service.loading import Loaded, make_ready
from sprat.engines.foundry.service.seen import look, root_of
from sprat.engines.glance import is_here
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
from sprat.models.progress import Progress, silent
from sprat.settings import Endpoint
from sprat.types import ChatRequest, Delta, Reply, Step

LABEL = "foundry"
_LOOK_S = 5.0


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
        self._lock = asyncio.Lock()

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield the pieces, then one `Reply`; a cold model is loaded first, and that is timed.

        Raises:
            UnsupportedRequest: a field that OpenAI's form has no place for.
            EngineError: with what is wrong at the service, where that can be seen.
        """
        return self._stream(request, again=True)

    async def _stream(self, request: ChatRequest, *, again: bool) -> AsyncGenerator[Delta | Reply]:
        begun_ns, begun = time.monotonic_ns(), False
        inner, loaded = await self._ready()
        loaded_ns = time.monotonic_ns() if loaded and loaded.load_s else None
        try:
            async with aclosing(inner.stream(request)) as pieces:
                async for piece in pieces:
                    begun = True
                    yield self._whole(piece, request, begun_ns, loaded_ns)
        except EngineError as error:
            if begun or not again or not await self._was_unloaded(error):
                raise await self._explained(error, begun=begun) from error
            why = error.message
        else:
            return
        async with aclosing(self._stream(request, again=False)) as pieces:
            async for piece in pieces:
                yield _after_retry(piece, self.name, why)

    async def warm(self) -> Load:
        """Load the model if need be, and send a tiny prompt.

        Raises:
            EngineError: as `stream`.
        """
        _, loaded = await self._ready()
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
        """Close the connections. Safe to call twice."""
        for engine in self._engines.values():
            await engine.aclose()

    async def _ready(self) -> tuple[OpenAIEngine, Loaded | None]:
        """The engine of the model's full id; and what making it ready took, the first time."""
        async with self._lock:
            if self._id is not None:
                return self._engines[self._id], None
            loaded = await self._make_ready()
            return self._engines[loaded.id], loaded

    async def _make_ready(self) -> Loaded:
        loaded = await aside(self._loaded)
        if loaded.id not in self._engines:
            self._engines[loaded.id] = OpenAIEngine(
                self.name, self._endpoint, loaded.id, label=LABEL, limits=self._limits
            )
        self._id = loaded.id
        return loaded

    def _loaded(self) -> Loaded:
        seen = look(self._endpoint.url, within_s=_LOOK_S, key=self._key)
        if not seen.is_foundry:  # asking it tells what is wrong, if anything is
            return Loaded(id=self._model)
        return make_ready(self._model, seen, self._progress, key=self._key)

    async def _was_unloaded(self, error: EngineError) -> bool:
        """Whether the service had put the model out of its memory: it is back there now."""
        if not isinstance(error, EngineRefused) or error.status not in {400, 404, 500}:
            return False
        async with self._lock:
            return (await self._make_ready()).load_s is not None

    def _whole(
        self, piece: Delta | Reply, request: ChatRequest, begun_ns: int, loaded_ns: int | None
    ) -> Delta | Reply:
        if isinstance(piece, Delta):
            return piece
        self._refuse_nothing(piece)
        if loaded_ns is None:
            return piece
        scheduled_ns = begun_ns if request.scheduled_ns is None else request.scheduled_ns
        timing = msgspec.structs.replace(
            piece.timing, scheduled_ns=scheduled_ns, sent_ns=begun_ns, loaded_ns=loaded_ns
        )
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
            told = await aside(ask_command) if is_here(seen.root) else Told(installed=False)
            wrong = troubles.unanswered(seen, told)
            if isinstance(error, EngineDied) and not begun:  # the same fact, said better
                return EngineDied(wrong.what, fix=wrong.fix)
            return _with(error, wrong)
        unknown = isinstance(error, EngineRefused) and error.status == 404
        if seen.kind == "other" or (unknown and not seen.is_foundry):
            return _with(error, troubles.not_foundry(seen), keep_fix=True)
        return error


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
