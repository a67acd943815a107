"""The warm-up: ask until the times no longer change."""

from collections.abc import Callable, Sequence

import msgspec

from sprat.engines.base import Engine, ask
from sprat.types import ChatRequest

ALIKE = 3
"""So many answers in a row must have taken alike."""
WITHIN = 0.1
"""Alike: the slowest less the fastest of them is at most this share of the fastest."""
MOST = 12
MOST_S = 20.0
"""After so many answers or seconds the warm-up ends all the same, and says so."""


class WarmUp(msgspec.Struct, frozen=True):
    """What a warm-up took."""

    requests: int
    stable: bool


async def settle(engine: Engine, request: Callable[[], ChatRequest]) -> WarmUp:
    """Ask until `ALIKE` answers in a row took alike, or until it has gone on long enough.

    Raises:
        EngineError: the engine does not answer.
    """
    taken: list[float] = []
    while not alike(taken) and len(taken) < MOST and sum(taken) < MOST_S:
        taken.append((await ask(engine, request())).timing.answer_s)
    return WarmUp(len(taken), alike(taken))


def alike(taken_s: Sequence[float]) -> bool:
    """Whether the last answers took alike."""
    last = taken_s[-ALIKE:]
    return len(last) == ALIKE and max(last) - min(last) <= WITHIN * min(last)
