"""What all requests share: names, models, the ledger."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sprat.cost import Prices
from sprat.door import embedder_of, open_source
from sprat.engines.base import Embedder, Engine
from sprat.engines.line import CALLER
from sprat.engines.onnx.providers import checked
from sprat.errors import SettingsError, UnknownModel, UsageError
from sprat.serve.ledger import Ledger, a_moment_later
from sprat.serve.models.names import Names, Served
from sprat.serve.models.offered import Offered
from sprat.serve.models.policies import Policies
from sprat.serve.models.policy_files import PolicyFiles
from sprat.serve.models.pool import Change, Lease, Pool
from sprat.serve.models.slot import Standing
from sprat.serve.observe.lines import changed, fetching, request_lines, restarted
from sprat.serve.observe.log import LOG
from sprat.serve.observe.metrics import Metrics
from sprat.serve.page.built import Built, built_page
from sprat.serve.page.shelf import Shelves
from sprat.serve.problem import Busy
from sprat.serve.runs.recorded import Recorded
from sprat.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

STALLED_S = 60.0
"""A client that has not taken what it is sent for so long is given up."""
_TIDY_EVERY_S = 1.0


class Gateway:
    """The shared state of a running gateway."""

    def __init__(self, settings: Settings, free_bytes: Callable[[], int] | None = None) -> None:
        """Check the settings; nothing is loaded yet.

        Raises:
            SpratError: `[serve.models]` or `[serve] load` names what is not there.
            SettingsError: `[onnx] provider` names no provider.
        """
        with _ours():
            checked(settings.onnx.provider)
        self._all = settings
        self.settings = settings.serve
        self.names = Names(settings)
        self.ledger = Ledger(a_moment_later)
        self.metrics = Metrics((served.name for served in self.names.listed()), self.ledger)
        self.ledger.listeners += [
            self.metrics.heard,
            request_lines(self.settings.log_prompts),
        ]
        self.connections: Callable[[], int] = lambda: 0
        """How many there are: only the server knows."""
        self.stopping = False
        self.to_load = tuple(self.names.find(name) for name in self.settings.load)
        self.awaited = {served.name: "is not loaded yet" for served in self.to_load}
        """Models of `[serve] load` that never were, and why."""
        free = free_bytes or _available_bytes
        self.answering: Pool[Engine] = Pool(self._open_engine, self.settings, free)
        self.offered = Offered(self.names, settings)
        self.page_folder: Path | None = None
        """A build of the page other than the package's own."""
        self.shelves = Shelves(self.names, self.offered, settings)
        self.recorded = Recorded(settings.runs_file)
        self.embedding: Pool[Embedder] = Pool(self._open_embedder, self.settings, free)
        self.answering.beside, self.embedding.beside = (self.embedding,), (self.answering,)
        self.answering.changed = self.embedding.changed = self._changed
        self.answering.restarted = self.embedding.restarted = self._restarted
        self.prices = Prices(settings)
        files = PolicyFiles(self.names, settings, self.prices, self.offered.on_disk)
        self.offered.usable = files.usable
        self.policies = Policies(
            files,
            self.answering,
            self.prices,
            most_tokens=self.settings.max_tokens,
            refuse_unfetched=self.offered.refuse_unfetched,
            spent=self.metrics.spent,
        )

    def built(self) -> Built:
        """The page's files. The first call blocks."""
        return built_page(self.page_folder)

    def _open_engine(self, served: Served) -> Engine:
        self.offered.refuse_unfetched(served)
        progress = fetching(served.name)
        self.prices.basis(served.source)  # may load a list, which the loop must not wait for
        with _ours():
            return open_source(served.found, self._all, progress=progress, reuse_prefix=True)

    def _open_embedder(self, served: Served) -> Embedder:
        self.offered.refuse_unfetched(served)
        return embedder_of(served.found, self._all)

    def pool_of(self, served: Served) -> "Pool[Engine] | Pool[Embedder] | Policies":
        """Where a model is loaded."""
        if served.where == "policy":
            return self.policies
        return self.embedding if served.embeds else self.answering

    def lease(self, served: Served, caller: str) -> "AbstractAsyncContextManager[Lease[Any]]":
        """What answers: a model with a place at it, or a policy.

        Raises:
            Busy: too many wait already, or there is too little memory.
            SpratError: it cannot be loaded, or used.
        """
        CALLER.set(caller)
        if served.where == "policy":
            return self.policies.lease(served)
        return self.answering.lease(served, caller)

    @property
    def standings(self) -> list[Standing]:
        """Every model that was asked for since the start."""
        return [slot.standing for slot in (*self.answering.slots, *self.embedding.slots)]

    def policy_standings(self) -> list[Standing]:
        """Where the models of every policy stand."""
        listed = (served for served in self.names.listed() if served.where == "policy")
        return [self.policies.standing(served) for served in listed]

    def refuse_when_stopping(self) -> None:
        """Take no new work while the gateway drains.

        Raises:
            Busy: it does.
        """
        if self.stopping:
            line = "The gateway is stopping."
            raise Busy(line, status=503, retry_after_s=5, code="stopping")

    def _changed(self, model: str, change: Change) -> None:
        self.metrics.changed(model, change)
        changed(model, change)

    def _restarted(self, model: str) -> None:
        self.metrics.restarted(model)
        restarted(model)

    def unforeseen(self, error: Exception) -> None:
        """Write down what nobody foresaw, with where it happened: the client is told its class."""
        LOG.error("unforeseen", exc_info=error)

    async def keep_tidy(self) -> None:
        """Unload idle models and give up stalled clients, until cancelled."""
        while True:
            await asyncio.sleep(_TIDY_EVERY_S)
            try:
                self.ledger.cancel_stalled(int(STALLED_S * 1e9))
                await self.answering.tidy()
                await self.embedding.tidy()
            except Exception as error:  # noqa: BLE001 - the next round must come all the same
                self.unforeseen(error)

    async def drain(self, longest_s: float) -> None:
        """Take nothing new; let what is under way end, then cancel it."""
        self.stopping = True
        await self.shelves.aclose()
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self.ledger.empty.wait()
        self.ledger.cancel_all("stopping")
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self.ledger.empty.wait()

    async def aclose(self) -> None:
        """Unload every model; say what is still unsaid."""
        self.ledger.tell()
        await self.shelves.aclose()  # where the server ended without being told to
        await self.policies.aclose()
        await self.answering.aclose()
        await self.embedding.aclose()


@contextmanager
def _ours() -> Generator[None]:
    """What cannot be used as the settings say is no fault of the client that asked.

    Raises:
        SettingsError: that.
    """
    try:
        yield
    except UnknownModel:
        raise
    except UsageError as error:
        raise SettingsError(error.message, fix=error.fix) from error


def _available_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().available)
