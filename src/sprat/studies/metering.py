"""One meter per engine for the length of a study, over one energy counter."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeVar

from sprat.engines.base import Engine
from sprat.measure.counter import NoCounter
from sprat.measure.energy import Energy
from sprat.measure.gpu import GpuMemory, opened_gpu
from sprat.measure.meter import Meter

K = TypeVar("K")


class Counters(NamedTuple):
    """What the meters of a study read together."""

    energy: Energy
    gpu: GpuMemory | NoCounter

    def meter(self, engine: Engine, *, local: bool | None = None) -> Meter:
        """A meter for one engine; `local` of None: it is, if it has a process now."""
        # The processes are asked for anew each time: a worker that died has been replaced.
        here = bool(engine.pids) if local is None else local
        return Meter(lambda: engine.pids, self.energy, gpu=self.gpu, local=here)


@asynccontextmanager
async def counting() -> AsyncGenerator[Counters]:
    """This machine's counters, with the baseline: what is drawn while nobody asks."""
    energy = await asyncio.to_thread(Energy.open)
    try:
        with opened_gpu() as gpu:
            await asyncio.to_thread(energy.learn_idle)
            yield Counters(energy, gpu)
    finally:
        energy.close()


@asynccontextmanager
async def metered(engines: Mapping[K, Engine]) -> AsyncGenerator[dict[K, Meter]]:
    """Meters for engines that are loaded and idle: what the machine draws then is the baseline."""
    async with counting() as counters:
        yield {key: counters.meter(engine) for key, engine in engines.items()}
