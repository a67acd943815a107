"""The load generator: a closed loop of workers, or arrivals at random. Nothing else runs meanwhile.

Closed: each worker asks again as soon as it has its answer. Open: requests leave when they are due,
whether or not the earlier ones are answered, as they would from users who do not know of each
other. Only the open loop shows what a queue costs; so latency is counted from when a request was
due as well.
"""

import asyncio
import gc
import random
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from sprat.engines.base import Engine, ask
from sprat.errors import SpratError
from sprat.measure.clock import now_ns
from sprat.types import ChatRequest, Reply

LEAD_NS = 20_000_000
"""Before the first arrival: time to make every task."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request and what became of it."""

    request: ChatRequest
    reply: Reply | None
    error: str | None
    elapsed_s: float


async def closed_loop(engine: Engine, requests: Sequence[ChatRequest], workers: int) -> list[Asked]:
    """So many workers, each taking the next request once it is answered; in the order begun."""
    left, found = iter(enumerate(requests)), dict[int, Asked]()
    with undisturbed():
        await asyncio.gather(*(_one_by_one(engine, left, found) for _ in range(workers)))
    return [found[place] for place in range(len(requests))]


async def open_loop(
    engine: Engine, requests: Sequence[ChatRequest], rate_per_s: float, seed: str
) -> list[Asked]:
    """Send each request when it is due: a Poisson process of so many arrivals per second."""
    begin_ns = now_ns() + LEAD_NS
    due = [begin_ns + round(at * 1e9) for at in arrivals_s(len(requests), rate_per_s, seed)]
    with undisturbed():
        return await asyncio.gather(
            *(_when_due(engine, one, at) for one, at in zip(requests, due, strict=True))
        )


def arrivals_s(count: int, rate_per_s: float, seed: str) -> list[float]:
    """Seconds at which requests arrive; the gaps are exponential, the first arrives at 0."""
    gaps = random.Random(seed)  # noqa: S311 - load, not secrets
    at, found = 0.0, list[float]()
    for _ in range(count):
        found.append(at)
        at += gaps.expovariate(rate_per_s)
    return found


@contextmanager
def undisturbed() -> Generator[None]:
    """Keep the garbage collector out of what is timed: it stops everything for milliseconds."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


async def _one_by_one(
    engine: Engine, left: Iterator[tuple[int, ChatRequest]], found: dict[int, Asked]
) -> None:
    for place, request in left:
        found[place] = await _ask(engine, request)


async def _when_due(engine: Engine, request: ChatRequest, due_ns: int) -> Asked:
    await asyncio.sleep(max(0, due_ns - now_ns()) / 1e9)
    return await _ask(engine, msgspec.structs.replace(request, scheduled_ns=due_ns))


async def _ask(engine: Engine, request: ChatRequest) -> Asked:
    """One answer, or its error: either is a result."""
    reply, error, began_ns = None, None, now_ns()
    try:
        reply = await ask(engine, request)
    except SpratError as failure:
        error = str(failure)
        if request.scheduled_ns is None:  # an answer says itself when it was due
            request = msgspec.structs.replace(request, scheduled_ns=began_ns)
    return Asked(request=request, reply=reply, error=error, elapsed_s=(now_ns() - began_ns) / 1e9)
