"""One meter per engine for the length of a study, over one energy counter."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from sprat.engines.base import Engine
from sprat.measure.counter import NoCounter
from sprat.measure.energy import Energy
from sprat.measure.gpu import GpuMemory, opened_gpu
from sprat.measure.meter import Meter

K = TypeVar("K")


@asynccontextmanager
async def metered(engines: Mapping[K, Engine]) -> AsyncGenerator[dict[K, Meter]]:
    """Meters for engines that are loaded and idle: what the machine draws then is the baseline."""
    energy = await asyncio.to_thread(Energy.open)
    try:
        with opened_gpu() as gpu:
            await asyncio.to_thread(energy.learn_idle)
            yield {key: _meter(engine, energy, gpu) for key, engine in engines.items()}
    finally:
        energy.close()


def _meter(engine: Engine, energy: Energy, gpu: GpuMemory | NoCounter) -> Meter:
    # The processes are asked for anew each time: a worker that died has been replaced.
    return Meter(lambda: engine.pids, energy, gpu=gpu, local=bool(engine.pids))
