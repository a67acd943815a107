"""The policies behind the gateway: each lives as long as its file stays as it is."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sprat.cost import Prices
from sprat.door.policy import SIDES
from sprat.engines.base import Engine
from sprat.engines.patience import aside
from sprat.measure.clock import now_ns
from sprat.serve.models.leased import Leased
from sprat.serve.models.names import Served
from sprat.serve.models.policy_files import Known, PolicyFiles, Stamp
from sprat.serve.models.pool import Lease, Pool
from sprat.serve.models.slot import Standing
from sprat.serve.problem import BadRequest
from sprat.types import Timing, Usage

if TYPE_CHECKING:
    from pathlib import Path

    from sprat.policies.engine import PolicyEngine
    from sprat.policies.trail import Trail

Refuse = Callable[[Served], None]
"""Raises where a model's weights are not here, and may not be fetched."""
Spent = Callable[[str, Usage, float | None], None]
"""Told what a model did, by name: of every attempt, one that was cut too."""


class Opened:
    """A policy that is being served: its breakers, its budget and its shadow's memory are in it."""

    def __init__(self, stamp: Stamp, known: Known, engine: "PolicyEngine") -> None:
        self.stamp = stamp
        self.known = known
        self.engine = engine
        self.users = 0
        self.retired = False

    async def left(self) -> None:
        """Close it when the last one has left, once it is another file's time."""
        if self.retired and not self.users:
            await self.engine.aclose()


class Policies:
    """Policies by their files, as `Pool` has models by their sources."""

    def __init__(
        self,
        files: PolicyFiles,
        pool: Pool[Engine],
        prices: Prices,
        *,
        most_tokens: int,
        refuse_unfetched: Refuse,
        spent: Spent,
    ) -> None:
        self.files = files
        self._pool = pool
        self._prices = prices
        self._most_tokens = most_tokens
        self._refuse = refuse_unfetched
        self._spent = spent
        self._opened: dict[Path, Opened] = {}
        self._opening: dict[Path, asyncio.Lock] = {}

    @asynccontextmanager
    async def lease(self, served: Served) -> "AsyncGenerator[Lease[PolicyEngine]]":
        """The policy as it stands in its file now. It takes no place: its models have them.

        Raises:
            PolicyError: it cannot be used.
        """
        taken_ns = now_ns()
        opened = await self.opened(served)
        opened.users += 1
        try:
            yield Lease(opened.engine, taken_ns, now_ns())
        finally:
            opened.users -= 1
            await opened.left()

    async def opened(self, served: Served) -> Opened:
        """The policy, opened where its file is new.

        Raises:
            PolicyError: it cannot be used.
        """
        file = self.files.file(served)
        async with self._opening.setdefault(file, asyncio.Lock()):
            stamp = self.files.stamp(served)
            before = self._opened.get(file)
            if before is not None and before.stamp == stamp:
                return before
            if before is not None:
                del self._opened[file]
                before.retired = True
                await before.left()
            opened = self._opened[file] = await self._open(served, stamp)
            return opened

    async def _open(self, served: Served, stamp: Stamp) -> Opened:
        known = await aside(lambda: self._known(served))
        await self._fetched(known)
        await aside(lambda: self.files.check(served, known))
        return Opened(stamp, known, self._engine(served, known))

    def _known(self, served: Served) -> Known:
        known = self.files.known(served)
        for side in known.sides.values():
            self._refuse(side)
            self._prices.basis(side.source)  # loads the list of prices, if need be: not on the loop
        return known

    async def _fetched(self, known: Known) -> None:
        """What makes a model its own cannot be looked at before its weights are here."""
        for which in SIDES:
            if getattr(known.policy, which).identity and known.sides[which].where == "local":
                await self._pool.load(known.sides[which])

    def _engine(self, served: Served, known: Known) -> "PolicyEngine":
        from sprat.policies.engine import PolicyEngine

        small, large = (self._side(known.sides[which]) for which in SIDES)
        sources = {side.name: side.source for side in known.sides.values()}

        def price(engine: str, usage: Usage, timing: Timing) -> float | None:
            return self._prices.of(sources.get(engine, engine), usage, timing)

        engine = PolicyEngine(
            known.policy,
            small,
            large,
            name=served.name,
            price=price,
            away=known.away,
            owns=False,
        )
        engine.hear = self._count
        return engine

    def _count(self, trail: "Trail") -> None:
        for step in trail.steps:
            if step.usage is not None or step.cost_usd:
                self._spent(step.engine, step.usage or Usage(0, 0), step.cost_usd)

    def _side(self, side: Served) -> Leased:
        return Leased(side, self._pool, self._prices, most_tokens=self._most_tokens)

    @property
    def all(self) -> list[Opened]:
        """Those that were asked since the start."""
        return list(self._opened.values())

    def of(self, served: Served) -> Opened | None:
        """As it is served; None as long as nobody asked for it."""
        return self._opened.get(self.files.file(served))

    async def load(self, served: Served) -> Standing:
        """Load both models.

        Raises:
            SpratError: one of them cannot be loaded, or the policy cannot be used.
        """
        opened = await self.opened(served)
        loads = [await self._pool.load(side) for side in opened.known.sides.values()]
        return _together(served, loads)

    async def unload(self, served: Served) -> Standing:
        """A policy holds no memory of its own.

        Raises:
            BadRequest: always.
        """
        sides = (await self.opened(served)).known.sides.values()
        raise BadRequest(
            f"{served.name} is a policy: it holds no weights of its own.",
            status=409,
            code="model_busy",
            fix=f"Unload its models: {', '.join(side.name for side in sides)}.",
        )

    def standing(self, served: Served) -> Standing:
        """Where its models stand; not loaded as long as nobody asked for it."""
        opened = self.of(served)
        sides = opened.known.sides.values() if opened else ()
        return _together(served, [self._pool.slot(side).standing for side in sides])

    def forget(self) -> None:
        """Open every policy anew at its next request, as if its file had been written again."""
        for opened in self._opened.values():
            opened.stamp = (0, 0)

    async def aclose(self) -> None:
        """End what runs beside the answers."""
        for opened in self._opened.values():
            await opened.engine.aclose()
        self._opened.clear()


def _together(served: Served, sides: list[Standing]) -> Standing:
    """One standing of both: loaded when both are."""
    loaded = bool(sides) and all(side.state == "loaded" for side in sides)
    loading = any(side.state == "loading" for side in sides)
    return Standing(
        name=served.name,
        source=served.source,
        state="loaded" if loaded else "loading" if loading else "unloaded",
        answering=0,
        waiting=0,
    )
