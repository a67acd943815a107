"""One meter per engine for the length of a study, over one energy counter."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from sprat.engines.base import Engine
from sprat.measure.meter import Energy, Meter

K = TypeVar("K")


@asynccontextmanager
async def metered(engines: Mapping[K, Engine]) -> AsyncGenerator[dict[K, Meter]]:
    """Meters for engines that are loaded and idle: what the machine draws then is the baseline."""
    async with counting() as energy:
        yield {key: meter_of(engine, energy) for key, engine in engines.items()}


@asynccontextmanager
async def counting() -> AsyncGenerator[Energy]:
    """The energy counter of this machine, with its baseline: what is drawn while nobody asks."""
    energy = await asyncio.to_thread(Energy.open)
    try:
        await asyncio.to_thread(energy.learn_idle)
        yield energy
    finally:
        energy.close()


def meter_of(engine: Engine, energy: Energy, *, local: bool | None = None) -> Meter:
    """A meter for one engine; `local` of None: it is, if it has a process now."""
    # The processes are asked for anew each time: a worker that died has been replaced.
    here = bool(engine.pids) if local is None else local
    return Meter(lambda: engine.pids, energy, local=here)
