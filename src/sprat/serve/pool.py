"""The models behind the gateway: loaded once for all who wait, unloaded when nobody asks."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Generic, Literal, Protocol, TypeVar

import msgspec

from sprat.engines.base import Load
from sprat.errors import SpratError
from sprat.measure.clock import now_ns
from sprat.serve.names import Served
from sprat.serve.places import Places
from sprat.serve.problem import BadRequest, Busy
from sprat.serve.threads import in_thread
from sprat.settings import ServeSettings

State = Literal["unloaded", "loading", "loaded"]


class Loadable(Protocol):
    """What engines and embedders have in common."""

    @property
    def pids(self) -> tuple[int, ...]:
        """Its processes on this machine."""
        ...

    async def warm(self) -> Load:
        """Load it."""
        ...

    async def aclose(self) -> None:
        """Unload it."""
        ...


T = TypeVar("T", bound=Loadable)


class Lease(msgspec.Struct, Generic[T], frozen=True):
    """A place at a loaded model."""

    engine: T
    taken_ns: int
    """When the line ended."""
    ready_ns: int
    """When the model was loaded; about `taken_ns` when it was loaded already."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model stands now."""

    name: str
    state: State
    answering: int
    waiting: int
    load_s: float | None = None
    pids: tuple[int, ...] = ()
    idle_since_ns: int | None = None
    """When it was last asked; None when it is not loaded."""


class Slot(Generic[T]):
    """One model: its engine while it is loaded, and its places."""

    def __init__(self, served: Served, places: Places) -> None:
        self.served = served
        self.places = places
        self.engine: T | None = None
        self.loading: asyncio.Task[T] | None = None
        self.users = 0
        self.last_used_ns = now_ns()
        self.load: Load | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.engine is not None:
            return "loaded"
        return "loading" if self.loading is not None else "unloaded"

    @property
    def standing(self) -> Standing:
        """Where it stands, for those who only look."""
        return Standing(
            name=self.served.name,
            state=self.state,
            answering=self.places.taken,
            waiting=self.places.waiting,
            load_s=self.load.load_s if self.load else None,
            pids=self.engine.pids if self.engine else (),
            idle_since_ns=self.last_used_ns if self.engine else None,
        )

    @property
    def idle(self) -> bool:
        """Whether it is loaded and could be unloaded."""
        return self.engine is not None and not self.users and not self.places.waiting


Open = Callable[[Served], T]
"""Opens an engine; blocks, so it is called in a thread."""
FreeBytes = Callable[[], int]


class Pool(Generic[T]):
    """All models of one kind (those that answer, or those that embed)."""

    def __init__(self, opening: Open[T], settings: ServeSettings, free_bytes: FreeBytes) -> None:
        self._open = opening
        self._settings = settings
        self._free_bytes = free_bytes
        self._slots: dict[str, Slot[T]] = {}

    @property
    def slots(self) -> Sequence[Slot[T]]:
        """Every model that was asked for since the start."""
        return tuple(self._slots.values())

    def slot(self, served: Served) -> Slot[T]:
        """The model's slot, made the first time."""
        found = self._slots.get(served.name)
        if found is None:
            local = served.where == "local"
            most = self._settings.places if local else self._settings.remote_places
            places = Places(most, self._settings.queue, self._settings.queue_s)
            found = self._slots[served.name] = Slot(served, places)
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
        slot.users += 1
        try:
            engine = slot.engine or await self._loaded(slot)
            yield Lease(engine, taken_ns, now_ns())
        finally:
            slot.users -= 1
            slot.last_used_ns = now_ns()
            slot.places.give(taken_ns)

    async def load(self, served: Served) -> Standing:
        """Load a model now, without a place: whoever has one waits for the same load.

        Raises:
            SpratError: it cannot be loaded.
        """
        slot = self.slot(served)
        slot.users += 1
        try:
            if slot.engine is None:
                await self._loaded(slot)
        finally:
            slot.users -= 1
            slot.last_used_ns = now_ns()
        return slot.standing

    async def unload(self, served: Served) -> Standing:
        """Free what a model takes.

        Raises:
            BadRequest: it is answering (409).
        """
        slot = self.slot(served)
        if slot.users or slot.places.waiting:
            busy = slot.places.taken + slot.places.waiting
            raise BadRequest(
                f"{served.name} has {busy} requests, or is being loaded.",
                status=409,
                code="model_busy",
                fix="Unload it when they are done.",
            )
        await self._free(slot)
        return slot.standing

    async def tidy(self) -> list[str]:
        """Unload local models that nobody asked for, or whose memory is needed: their names."""
        gone: list[str] = []
        idle_ns = self._settings.idle_s * 1e9
        for slot in self._by_age():
            old = idle_ns and now_ns() - slot.last_used_ns >= idle_ns
            if old or self._free_bytes() < self._settings.keep_free_bytes:
                gone.append(slot.served.name)
                await self._free(slot)
        return gone

    async def aclose(self) -> None:
        """Unload everything."""
        for slot in self.slots:
            if slot.loading is not None:
                slot.loading.cancel()
                with suppress(asyncio.CancelledError, SpratError):
                    await slot.loading
            await self._free(slot)

    async def _loaded(self, slot: Slot[T]) -> T:
        """One load for all who wait; it goes on when one of them leaves."""
        if slot.loading is None:
            slot.loading = asyncio.create_task(self._load(slot))
            slot.loading.add_done_callback(_heard)
        return await asyncio.shield(slot.loading)

    async def _load(self, slot: Slot[T]) -> T:
        try:
            if slot.served.where == "local":
                await self._make_room(slot.served)
            engine = await in_thread(lambda: self._open(slot.served))
            if slot.served.where == "local":
                slot.load = await _warmed(engine)
            slot.engine = engine
            return engine
        finally:
            slot.loading = None

    async def _make_room(self, served: Served) -> None:
        """Unload idle models, the one not used for longest first, until this one fits."""
        need = served.need_bytes + self._settings.keep_free_bytes
        for slot in self._by_age():
            if self._free_bytes() >= need:
                break
            await self._free(slot)
        free = self._free_bytes()
        if free < need:
            raise Busy(
                f"{served.name} needs about {served.need_bytes / 1e6:.0f} MB of memory, and "
                f"{free / 1e6:.0f} MB are free, of which "
                f"{self._settings.keep_free_bytes / 1e6:.0f} MB are kept.",
                status=503,
                retry_after_s=5,
                code="not_enough_memory",
            )

    def _by_age(self) -> list[Slot[T]]:
        idle = [s for s in self.slots if s.idle and s.served.where == "local"]
        return sorted(idle, key=lambda slot: slot.last_used_ns)

    async def _free(self, slot: Slot[T]) -> None:
        engine, slot.engine, slot.load = slot.engine, None, None
        if engine is not None:
            await engine.aclose()


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
