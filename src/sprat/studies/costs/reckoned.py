"""An option reckoned through: as assumed, at the ends of each assumption, and drawn by chance."""

import math
from typing import TYPE_CHECKING

import msgspec

from sprat.cost.assumptions import Assumptions
from sprat.cost.draws import base_world, drawn_worlds
from sprat.cost.forecast import Ledger, break_even, ledger
from sprat.cost.options import Means, Option, missing_terms, needs_machine, way_of
from sprat.cost.result import BreakEven, Figure, OptionCost, Part

if TYPE_CHECKING:
    from sprat.cost.forecast import Floats

REQUESTS = "requests_per_month"
TAILS = (0.05, 0.95)
"""The band holds 90% of the draws."""


class Seen(msgspec.Struct, frozen=True):
    """What was measured: the means, and the means of other questions drawn by chance."""

    base: Means
    drawn: Means
    draws: int
    seed: int


class Reckoned(msgspec.Struct, frozen=True, kw_only=True):
    """One option with its ledgers; None: a term or a price is missing."""

    option: Option
    missing: tuple[str, ...]
    local: bool
    base: Ledger | None = None
    drawn: Ledger | None = None
    usd_per_1000: Figure | None = None
    """Where only the number of requests is missing, and each costs the same however many."""

    @property
    def total_usd(self) -> float:
        """Over the whole horizon; infinity: not known."""
        return float(self.base.cumulative_usd[0, -1]) if self.base else float("inf")


def reckon(option: Option, assumed: Assumptions, seen: Seen) -> Reckoned:
    """Both ledgers of an option, where everything that it needs is known."""
    local = needs_machine(option, seen.base)
    missing = missing_terms(option, seen.base, assumed)
    if missing == (REQUESTS,) and not local and not option.unpriced:
        return _by_the_token(option, assumed, seen)
    if missing or option.unpriced:
        return Reckoned(option=option, missing=missing, local=local)
    world = base_world(assumed, option.role)
    drawn = drawn_worlds(assumed, option.role, seen.draws, seen.seed)
    return Reckoned(
        option=option,
        missing=(),
        local=local,
        base=ledger(way_of(option, seen.base, world), world, assumed.months),
        drawn=ledger(way_of(option, seen.drawn, drawn), drawn, assumed.months),
    )


def _by_the_token(option: Option, assumed: Assumptions, seen: Seen) -> Reckoned:
    """Without machines a request costs the same however many there are."""
    some = assumed.with_value(REQUESTS, 1000, "")
    found = reckon(option, some, seen)
    both = (found.base, found.drawn)
    figure = None
    if both[0] is not None and both[1] is not None:
        figure = _figure(both[0].usd_per_1000[0], both[1].usd_per_1000)
    return Reckoned(option=option, missing=(REQUESTS,), local=False, usd_per_1000=figure)


def cost_of(one: Reckoned) -> OptionCost:
    """What a report shows of it."""
    option = one.option
    shown = OptionCost(
        id=option.id,
        name=option.name,
        kind=option.kind,
        basis=option.unpriced or option.basis,
        missing=one.missing,
        right=option.right,
        usd_per_1000=one.usd_per_1000,
    )
    base, drawn = one.base, one.drawn
    if base is None or drawn is None:
        return shown
    per_1000 = float(base.usd_per_1000[0])
    whole = float(base.requests.sum())
    return msgspec.structs.replace(
        shown,
        total_usd=_figure(base.cumulative_usd[0, -1], drawn.cumulative_usd[:, -1]),
        cumulative_usd=tuple(
            _figure(base.cumulative_usd[0, month], drawn.cumulative_usd[:, month])
            for month in range(base.cumulative_usd.shape[1])
        ),
        usd_per_1000=_figure(per_1000, drawn.usd_per_1000),
        usd_per_1000_right=per_1000 / option.right if option.right else None,
        parts=tuple(
            Part(name, float(values[0]) / whole * 1000)  # pyright: ignore[reportArgumentType] # their names are those of Part
            for name, values in base.parts_usd.items()
        ),
        machines=(int(base.machines[0, 0]), int(base.machines[0, -1])) if one.local else None,
        busy=(float(base.busy[0, 0]), float(base.busy[0, -1])) if one.local else None,
    )


def meeting(ours: Reckoned, theirs: Reckoned) -> BreakEven | None:
    """When ours has cost no more than theirs; None: one of the two has no price."""
    if not (ours.base and ours.drawn and theirs.base and theirs.drawn):
        return None
    import numpy as np

    months = break_even(ours.drawn.cumulative_usd, theirs.drawn.cumulative_usd)
    low, high = np.quantile(months, TAILS, method="inverted_cdf")
    return BreakEven(
        option=ours.option.id,
        rival=theirs.option.id,
        month=month_of(break_even(ours.base.cumulative_usd, theirs.base.cumulative_usd)[0]),
        low=month_of(low),
        high=month_of(high),
        never=float(np.isinf(months).mean()),
    )


def _figure(value: float, draws: "Floats") -> Figure:
    import numpy as np

    low, high = np.quantile(draws, TAILS)
    return Figure(float(value), float(low), float(high))


def month_of(value: float) -> int | None:
    """A month of a break-even; None: never within the horizon."""
    return None if math.isinf(value) else int(value)
