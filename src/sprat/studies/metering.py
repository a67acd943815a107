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
    energy = await asyncio.to_thread(Energy.open)
    try:
        await asyncio.to_thread(energy.learn_idle)
        yield {key: _meter(engine, energy) for key, engine in engines.items()}
    finally:
        energy.close()


def _meter(engine: Engine, energy: Energy) -> Meter:
    # The processes are asked for anew each time: a worker that died has been replaced.
    return Meter(lambda: engine.pids, energy, local=bool(engine.pids))
