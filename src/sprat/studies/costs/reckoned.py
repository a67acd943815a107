"""An option reckoned through: as assumed, at the ends of each assumption, and drawn by chance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sprat.cost.assumptions import Assumptions
from sprat.cost.draws import base_world, drawn_worlds, varied_worlds
from sprat.cost.forecast import Ledger, break_even, ledger
from sprat.cost.options import Means, Option, missing_terms, needs_machine, terms_used, way_of
from sprat.cost.result import BreakEven, Figure, OptionCost, Part, Swing, Utilised, Volume
from sprat.cost.terms import TERMS
from sprat.cost.utilised import LEVELS, requests_of, usd_per_1000

if TYPE_CHECKING:
    from sprat.cost.forecast import Floats

REQUESTS = "requests_per_month"
_FEWEST, _MOST, _A_DECADE, _FINER = 0, 9, 20, 41
"""Volumes that are tried: powers of ten, so many in each, then so many between two of those."""
TAILS = (0.05, 0.95)
"""The band holds 90% of the draws."""


class Evidence(msgspec.Struct, frozen=True):
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


def reckon(option: Option, assumed: Assumptions, seen: Evidence) -> Reckoned:
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


def _by_the_token(option: Option, assumed: Assumptions, seen: Evidence) -> Reckoned:
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
        month=_month(break_even(ours.base.cumulative_usd, theirs.base.cumulative_usd)[0]),
        low=_month(low),
        high=_month(high),
        never=float(np.isinf(months).mean()),
    )


def volume_of(
    ours: Reckoned, theirs: Reckoned, assumed: Assumptions, seen: Evidence
) -> Volume | None:
    """The requests with which ours pays by the last month; None: more than those are missing."""
    import numpy as np

    if any(set(one.missing) - {REQUESTS} or one.option.unpriced for one in (ours, theirs)):
        return None
    tried = np.logspace(_FEWEST, _MOST, (_MOST - _FEWEST) * _A_DECADE + 1)
    first = _first_paying(ours.option, theirs.option, tried, assumed, seen)
    if first:
        tried = np.linspace(tried[first - 1], tried[first], _FINER)
        first = _first_paying(ours.option, theirs.option, tried, assumed, seen)
    found = None if first is None else float(tried[first])
    return Volume(option=ours.option.id, rival=theirs.option.id, requests_per_month=found)


def _first_paying(
    ours: Option, theirs: Option, requests: "Floats", assumed: Assumptions, seen: Evidence
) -> int | None:
    """Which of these volumes is the first with which ours has cost no more by the last month."""
    import numpy as np

    ends: list[Floats] = []
    for option in (ours, theirs):
        base = base_world(assumed, option.role)
        same = {name: np.repeat(values, len(requests)) for name, values in base.items()}
        world = {**same, REQUESTS: requests}
        found = ledger(way_of(option, seen.base, world), world, assumed.months)
        ends.append(found.cumulative_usd[:, -1])
    pays = ends[0] <= ends[1]
    return int(np.argmax(pays)) if pays.any() else None


def swings_of(
    one: Reckoned, rival: Reckoned | None, assumed: Assumptions, seen: Evidence
) -> list[Swing]:
    """Each uncertain assumption at both ends; what moves the outcome most comes first."""
    option = one.option
    if one.base is None:
        return []
    used = terms_used(option, seen.base)
    if rival is not None and rival.base is not None:
        used = used | terms_used(rival.option, seen.base)
    ends = [
        (name, end)
        for name in TERMS
        if name in used and (its := assumed.of(name, option.role)).spread
        for end in (its.low, its.high)
        if end is not None
    ]
    ours = _varied(option, ends, assumed, seen)
    theirs = _varied(rival.option, ends, assumed, seen) if rival and rival.base else None
    found = [_swing(one, ends, place, ours, theirs) for place in range(0, len(ends), 2)]
    return sorted(found, key=lambda swing: -swing.moves_usd)


def _varied(
    option: Option, ends: Sequence[tuple[str, float]], assumed: Assumptions, seen: Evidence
) -> Ledger:
    """Worlds: the base, then every end alone."""
    world = varied_worlds(assumed, option.role, ends)
    return ledger(way_of(option, seen.base, world), world, assumed.months)


def _swing(
    one: Reckoned,
    ends: Sequence[tuple[str, float]],
    place: int,
    ours: Ledger,
    theirs: Ledger | None,
) -> Swing:
    (name, low), (_, high) = ends[place], ends[place + 1]
    at = slice(place + 1, place + 3)  # the first world is the base
    met: list[int | None] = [None, None]
    saved: list[float | None] = [None, None]
    if theirs is not None:
        met = [_month(m) for m in break_even(ours.cumulative_usd, theirs.cumulative_usd)[at]]
        saved = [float(v) for v in (theirs.cumulative_usd - ours.cumulative_usd)[at, -1]]
    costs, totals = ours.usd_per_1000[at], ours.cumulative_usd[at, -1]
    return Swing(
        option=one.option.id,
        term=name,
        title=TERMS[name].title,
        low_value=low,
        high_value=high,
        usd_per_1000_low=float(costs[0]),
        usd_per_1000_high=float(costs[1]),
        total_usd_low=float(totals[0]),
        total_usd_high=float(totals[1]),
        saved_usd_low=saved[0],
        saved_usd_high=saved[1],
        break_even_low=met[0],
        break_even_high=met[1],
    )


def utilised(one: Reckoned, assumed: Assumptions, seen: Evidence) -> list[Utilised]:
    """What a request costs on one machine, at several loads; the last is the most it may have."""
    if not one.local:
        return []
    world = base_world(assumed, one.option.role)
    if any(leg.shared for leg in one.option.legs) and "escalation_pct" not in world:
        return []
    way = way_of(one.option, seen.base, world)
    if way.busy_s is None:
        return []
    priced = not one.option.unpriced and not set(one.missing) - {REQUESTS}
    most = (assumed.of("utilisation_ceiling_pct", one.option.role).value or 100.0) / 100
    found: list[Utilised] = []
    for busy in sorted({*LEVELS, most}):
        requests = requests_of(way.busy_s, busy)
        usd = usd_per_1000(way, world, requests, assumed.months) if priced else None
        found.append(
            Utilised(option=one.option.id, busy=busy, requests_per_month=requests, usd_per_1000=usd)
        )
    return found


def _figure(value: float, draws: "Floats") -> Figure:
    import numpy as np

    low, high = np.quantile(draws, TAILS)
    return Figure(float(value), float(low), float(high))


def _month(value: float) -> int | None:
    import math

    return None if math.isinf(value) else int(value)
