"""Whoever asks is told of the wait for a model, whichever engine is between."""

import asyncio
from typing import Any

from sprat.engines.line import told, waited, waits
from sprat.engines.worker.keeper import Keeper
from sprat.engines.worker.wire import Ready


class Noting:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[str | int | None] = []

    def waits(self) -> None:
        self.heard.append("waits")

    def waited(self, loaded_ns: int | None = None) -> None:
        self.heard.append(loaded_ns)


class Worker:
    """A process that is ready at the moment 7."""

    alive = True
    pid = 1

    async def ready(self) -> Ready:
        await asyncio.sleep(0)
        return Ready(at_ns=7, provider="cpu", context_tokens=8)

    async def stop(self) -> None:
        self.alive = False


async def start() -> Any:
    return Worker()


async def test_who_needs_a_worker_first_waits_for_it_and_later_ones_do_not():
    keeper: Keeper[Any] = Keeper(start)
    first, beside, later = Noting(), Noting(), Noting()

    async def asking(noting: Noting) -> None:
        with told(noting):
            await keeper.ready()

    await asyncio.gather(asking(first), asking(beside))
    await asking(later)
    assert first.heard == beside.heard == ["waits", 7]
    assert later.heard == []


async def test_nobody_need_listen():
    waits()
    waited()
