"""The models behind the gateway: loaded once for all who wait, unloaded when nobody asks."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any, Generic

import msgspec

from sprat.engines.base import Load
from sprat.engines.patience import aside
from sprat.measure.clock import now_ns
from sprat.serve.models.names import Served
from sprat.serve.models.places import Places
from sprat.serve.models.slot import Loadable, Slot, Standing, T
from sprat.serve.problem import BadRequest, Busy
from sprat.settings import ServeSettings


class Lease(msgspec.Struct, Generic[T], frozen=True):
    """A place at a loaded model."""

    engine: T
    taken_ns: int
    """When the line ended."""
    ready_ns: int
    """When the model was loaded; about `taken_ns` when it was loaded already."""


Open = Callable[[Served], T]
"""Opens an engine; blocks, so it is called in a thread. Until it is warm it holds nothing."""
FreeBytes = Callable[[], int]
Change = float | Exception | None
"""Loaded, in so many seconds, fetching included; not loaded, and why; None: unloaded."""
Changed = Callable[[str, Change], None]
"""Told of each local model that comes or goes."""

MOST_UNUSED = 64
"""Unused names at endpoints that are remembered: clients can think of any number of them."""


class Pool(Generic[T]):
    """All models of one kind (those that answer, or those that embed)."""

    def __init__(self, opening: Open[T], settings: ServeSettings, free_bytes: FreeBytes) -> None:
        self._open = opening
        self._settings = settings
        self._free_bytes = free_bytes
        self._slots: dict[str, Slot[T]] = {}
        self.changed: Changed = lambda _model, _change: None
        self.restarted: Callable[[str], None] = lambda _model: None
        """Told of each local model whose process had ended, and was started again."""
        self.beside: tuple[Pool[Any], ...] = ()
        """Pools in the same memory, whose idle models make room too."""

    @property
    def slots(self) -> Sequence[Slot[T]]:
        """Every model that was asked for since the start."""
        return tuple(self._slots.values())

    def slot(self, served: Served) -> Slot[T]:
        """The model's slot, made the first time; one for all its names."""
        found = self._slots.get(served.source)
        if found is None:
            local = served.where == "local"
            most = self._settings.places if local else self._settings.remote_places
            places = Places(most, self._settings.queue, self._settings.queue_s)
            found = self._slots[served.source] = Slot(served, places)
        return found

    @asynccontextmanager
    async def lease(self, served: Served, caller: str) -> AsyncGenerator[Lease[T]]:
        """A place at the model, which is loaded if need be. Cancelling gives the place back.

        Raises:
            Busy: too many wait already, or there is too little memory.
            SpratError: it cannot be loaded.
        """
        slot = self.slot(served)
        taken_ns = await slot.places.take(caller)
        try:
            engine = slot.engine or await self._loaded(slot)
            yield Lease(engine, taken_ns, now_ns())
        finally:
            slot.last_used_ns = now_ns()
            slot.places.give(taken_ns)
            self._notice(slot)

    def _notice(self, slot: Slot[T]) -> None:
        """See whether the engine had to start its process again."""
        pids = slot.engine.pids if slot.engine else ()
        if not pids or pids == slot.pids:
            return
        if slot.pids:
            self.restarted(slot.served.name)
        slot.pids = pids

    async def load(self, served: Served) -> Standing:
        """Load a model now, without a place: whoever has one waits for the same load.

        Raises:
            SpratError: it cannot be loaded.
        """
        slot = self.slot(served)
        if slot.engine is None:
            await self._loaded(slot)
        slot.last_used_ns = now_ns()
        return slot.standing

    async def unload(self, served: Served) -> Standing:
        """Free what a model takes.

        Raises:
            BadRequest: it is answering, or being loaded (409).
        """
        slot = self.slot(served)
        if not slot.unused:
            busy = f"is answering {slot.places.taken}, and {slot.places.waiting} wait"
            raise BadRequest(
                f"{served.name} {'is being loaded' if slot.loading else busy}.",
                status=409,
                code="model_busy",
                fix="Unload it when they are done.",
            )
        await self._free(slot)
        return slot.standing

    async def tidy(self) -> list[str]:
        """Unload local models that nobody asked for, or whose memory is needed: their names."""
        gone: list[str] = []
        for slot in self._by_age():
            if slot.idle and (self._old(slot) or self._short()):  # it was idle, a model ago
                gone.append(slot.served.name)
                await self._free(slot)
        await self._forget()
        return gone

    def _old(self, slot: Slot[T]) -> bool:
        idle_ns = self._settings.idle_s * 1e9
        return bool(idle_ns) and now_ns() - slot.last_used_ns >= idle_ns

    def _short(self) -> bool:
        return self._free_bytes() < self._settings.keep_free_bytes

    async def _forget(self) -> None:
        """Drop endpoints' names that were not used for longest."""
        unused = [s for s in self.slots if s.unused and s.served.where == "endpoint"]
        unused.sort(key=lambda slot: slot.last_used_ns, reverse=True)
        for slot in unused[MOST_UNUSED:]:
            if slot.unused:
                del self._slots[slot.served.source]
                await self._free(slot)

    async def aclose(self) -> None:
        """Unload everything, whatever one of them says to it."""
        loading = [slot.loading for slot in self.slots if slot.loading is not None]
        for task in loading:
            task.cancel()
        await asyncio.gather(*loading, return_exceptions=True)
        await asyncio.gather(*(self._free(slot) for slot in self.slots), return_exceptions=True)

    async def _loaded(self, slot: Slot[T]) -> T:
        """One load for all who wait; it goes on when one of them leaves."""
        if slot.loading is None:
            nobodys = Context()  # it outlives whoever asked first
            slot.loading = asyncio.create_task(self._load(slot), context=nobodys)
            slot.loading.add_done_callback(_heard)
        return await asyncio.shield(slot.loading)

    async def _load(self, slot: Slot[T]) -> T:
        began_ns = now_ns()
        try:
            if slot.served.where == "local":
                await self._make_room(slot.served)
            engine = await aside(lambda: self._open(slot.served))
            if slot.served.where == "local":
                slot.load = await _warmed(engine)
            slot.engine, slot.pids = engine, engine.pids
        except Exception as error:
            self._tell(slot, error)
            raise
        else:
            self._tell(slot, (now_ns() - began_ns) / 1e9)
            return engine
        finally:
            slot.loading = None
            slot.last_used_ns = now_ns()

    async def _make_room(self, served: Served) -> None:
        """Unload idle models, the one not used for longest first, until this one fits."""
        pools: tuple[Pool[Any], ...] = (self, *self.beside)
        # What is being loaded will take its memory: two loads at once must not share it.
        need = sum(pool.coming_bytes for pool in pools) + self._settings.keep_free_bytes
        idle = [(slot, pool) for pool in pools for slot in pool._by_age()]  # noqa: SLF001
        for slot, pool in sorted(idle, key=lambda both: both[0].last_used_ns):
            if self._free_bytes() >= need:
                break
            if slot.idle:
                await pool._free(slot)  # noqa: SLF001
        free = self._free_bytes()
        if free < need:
            raise Busy(
                f"{served.name} needs about {served.need_bytes / 1e6:.0f} MB of memory, and "
                f"{free / 1e6:.0f} MB are free, of which "
                f"{self._settings.keep_free_bytes / 1e6:.0f} MB are kept free "
                "([serve] keep_free_bytes).",
                status=503,
                retry_after_s=5,
                code="not_enough_memory",
            )

    @property
    def coming_bytes(self) -> int:
        """About what the models take that are being loaded now."""
        local = [slot for slot in self.slots if slot.loading and slot.served.where == "local"]
        return sum(slot.served.need_bytes for slot in local)

    def _by_age(self) -> list[Slot[T]]:
        idle = [s for s in self.slots if s.idle and s.served.where == "local"]
        return sorted(idle, key=lambda slot: slot.last_used_ns)

    async def _free(self, slot: Slot[T]) -> None:
        engine, slot.engine, slot.load = slot.engine, None, None
        if engine is not None:
            self._tell(slot, None)
            await engine.aclose()

    def _tell(self, slot: Slot[T], change: Change) -> None:
        if slot.served.where == "local":
            self.changed(slot.served.name, change)


async def _warmed(engine: Loadable) -> Load:
    try:
        return await engine.warm()
    except BaseException:
        await engine.aclose()
        raise


def _heard(task: asyncio.Task[T]) -> None:
    """A load that failed when nobody waited any more is no unhandled error."""
    if not task.cancelled():
        task.exception()
