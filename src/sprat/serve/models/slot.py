"""One model behind the gateway: its engine while it is loaded, and its places."""

from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar

import msgspec

from sprat.engines.base import Load
from sprat.measure.clock import now_ns
from sprat.serve.models.names import Served
from sprat.serve.models.places import Places

if TYPE_CHECKING:
    import asyncio

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


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model stands now."""

    name: str
    """As it was first asked for; an alias and what it stands for are one model."""
    source: str
    """`Served.source`: the same for all its names."""
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
        self.last_used_ns = now_ns()
        self.load: Load | None = None
        self.pids: tuple[int, ...] = ()
        """Its processes when last looked at."""

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
            source=self.served.source,
            state=self.state,
            answering=self.places.taken,
            waiting=self.places.waiting,
            load_s=self.load.load_s if self.load else None,
            pids=self.engine.pids if self.engine else (),
            idle_since_ns=self.last_used_ns if self.engine else None,
        )

    @property
    def unused(self) -> bool:
        """Whether nobody has a place at it, waits for one or loads it."""
        return not (self.places.taken or self.places.waiting or self.loading)

    @property
    def idle(self) -> bool:
        """Whether it is loaded and could be unloaded."""
        return self.engine is not None and self.unused
