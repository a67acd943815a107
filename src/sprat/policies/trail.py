"""What a policy did for one request, whatever its end: the same sums for everyone who counts."""

from collections.abc import Callable

import msgspec

from sprat.policies.attempt import Attempt
from sprat.policies.routes import after
from sprat.policies.turn import Turn
from sprat.types import Path, Step

_UNDECIDED = {"draft", "check", "sample", "read", "shadow"}
"""What is asked before it is settled whose answer is kept."""


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """Every attempt, also of a request that was cut or failed."""

    steps: tuple[Step, ...]
    path: Path | None
    """The way that it took, or was on; None: nothing was settled when it ended."""
    cost_usd: float | None
    """Of all attempts, as the budget and a reply have it; None: that of one is not known."""


Hear = Callable[[Trail], None]


def trail_of(turn: Turn) -> Trail:
    """What became of a request that has ended."""
    costs = [cost for which in turn.halves for cost in turn.spent_usd(which)]
    known = [cost for cost in costs if cost is not None]
    told = bool(costs) and len(known) == len(costs)
    return Trail(steps=turn.steps(), path=_path(turn), cost_usd=sum(known) if told else None)


def _path(turn: Turn) -> Path | None:
    made = [one for one in turn.trace if isinstance(one, Attempt)]
    asked = [one for one in made if one.asked]
    if turn.path is not None or not asked or asked[-1].role in _UNDECIDED:
        return turn.path
    last = asked[-1]
    before = [one for one in made[: made.index(last)] if one.half is not last.half]
    if not before:
        return "direct"
    if last.half.which == "large":
        return after(before[-1])
    cannot = before[-1].asked and after(before[-1]) == "direct"
    return "direct" if cannot else "degraded"
