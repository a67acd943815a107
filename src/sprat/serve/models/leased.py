"""One side of a policy: a model of the pool, leased for each question."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import cast

import msgspec

from sprat.cost import Prices
from sprat.engines.base import Engine, Load
from sprat.engines.line import CALLER, waited, waits
from sprat.errors import (
    EngineError,
    ModelError,
    SettingsError,
    SpratError,
    UnsupportedRequest,
    UsageError,
)
from sprat.measure.clock import now_ns
from sprat.serve.models.names import Served, completed
from sprat.serve.models.pool import Lease, Pool
from sprat.serve.observe.log import LOG
from sprat.types import ChatRequest, Delta, Reply, Step

_OPERATORS = (ModelError, SettingsError, UsageError)
"""Errors about what stands on the operator's disk, or in his settings."""


class Leased:
    """An engine that holds no model: so a model is one worker, whoever asks it.

    The names of the pool's models may be paths. What goes out of here bears `name` instead.
    """

    def __init__(
        self, served: Served, pool: Pool[Engine], prices: Prices, *, most_tokens: int
    ) -> None:
        self.name = served.name
        self.served = served
        self._pool = pool
        self._prices = prices
        self._most_tokens = most_tokens

    @property
    def pids(self) -> tuple[int, ...]:
        """Those of the model, while it is loaded."""
        return self._pool.slot(self.served).standing.pids

    @property
    def crowded(self) -> bool:
        """Whether the model has no place free."""
        return self._pool.slot(self.served).places.full

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Reply]:
        """The model's stream. Its place is given back before the reply is passed on.

        Raises:
            Busy: too many wait for the model already, or there is too little memory.
            ModelError: it cannot be loaded; why is in the log.
            SpratError: as the model.
        """
        # In line since now, not since the policy was asked: the answer tells the wait from it.
        asked = completed(request, self.served, self._most_tokens, now_ns())
        reply: Reply | None = None
        waits()
        try:
            async with self._lease() as lease, aclosing(_asking(lease.engine, asked)) as pieces:
                waited()
                async for piece in pieces:
                    if isinstance(piece, Reply):
                        reply = self._finished(piece)
                        break
                    yield piece
        except SpratError as error:
            told = self._told(error)
            if told is error:
                raise
            raise told from error
        if reply is None:
            raise EngineError(f"{self.name} ended its stream without a reply.")
        yield reply

    async def warm(self) -> Load:
        """Load the model, if need be."""
        standing = await self._pool.load(self.served)
        return Load(load_s=standing.load_s)

    async def aclose(self) -> None:
        """Nothing: the model is the pool's."""

    def _lease(self) -> AbstractAsyncContextManager[Lease[Engine]]:
        return self._pool.lease(self.served, CALLER.get())

    def _finished(self, reply: Reply) -> Reply:
        """The reply with its price, which goes by the model's own name, and then renamed."""
        priced = self._prices.priced(self.served.source, reply)
        steps = tuple(map(self._renamed_step, priced.steps))
        return msgspec.structs.replace(priced, model=self.name, steps=steps)

    def _renamed_step(self, step: Step) -> Step:
        engine = self.name if step.engine == self.served.source else step.engine
        error = self._shown(step.error) if step.error else None
        return msgspec.structs.replace(step, engine=engine, why=self._shown(step.why), error=error)

    def _told(self, error: SpratError) -> SpratError:
        """What clients may read of it: neither a path nor what only the operator can mend."""
        if isinstance(error, _OPERATORS) and not isinstance(error, UnsupportedRequest):
            LOG.warning("cannot be used", extra={"model": self.name, "error": str(error)})
            return ModelError(f"The model of {self.name} cannot be loaded.")
        error.message = self._shown(error.message)
        error.fix = self._shown(error.fix) if error.fix else None
        return error

    def _shown(self, text: str) -> str:
        path = getattr(self.served.found, "path", None)
        for ours in (self.served.source, *((str(path),) if path else ())):
            text = text.replace(ours, self.name)
        return text


def _asking(engine: Engine, request: ChatRequest) -> AsyncGenerator[Delta | Reply]:
    return cast("AsyncGenerator[Delta | Reply]", engine.stream(request))
