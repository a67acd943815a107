"""An option under other assumptions: each at its ends, other volumes, other loads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sprat.cost.assumptions import Assumptions
from sprat.cost.draws import base_world, varied_worlds
from sprat.cost.forecast import Ledger, break_even, ledger
from sprat.cost.options import Option, terms_used, way_of
from sprat.cost.result import Swing, Utilised, Volume
from sprat.cost.terms import TERMS
from sprat.cost.utilised import LEVELS, requests_of, usd_per_1000
from sprat.studies.costs.reckoned import REQUESTS, Reckoned, Seen, month_of

if TYPE_CHECKING:
    from sprat.cost.forecast import Floats

_FEWEST, _MOST, _A_DECADE, _FINER = 0, 9, 20, 41
"""Volumes that are tried: powers of ten, so many in each, then so many between two of those."""


def volume_of(ours: Reckoned, theirs: Reckoned, assumed: Assumptions, seen: Seen) -> Volume | None:
    """The requests from which on ours pays by the last month; None: more than those are missing.

    One more machine can undo it for a while, so the last volume that does not pay is looked for.
    """
    import numpy as np

    if any(set(one.missing) - {REQUESTS} or one.option.unpriced for one in (ours, theirs)):
        return None
    tried: Floats = np.logspace(_FEWEST, _MOST, (_MOST - _FEWEST) * _A_DECADE + 1)
    first = _paying_from(ours.option, theirs.option, tried, assumed, seen)
    if first:
        tried = np.linspace(float(tried[first - 1]), float(tried[first]), _FINER)
        first = _paying_from(ours.option, theirs.option, tried, assumed, seen)
    found = None if first is None else float(tried[first])
    return Volume(option=ours.option.id, rival=theirs.option.id, requests_per_month=found)


def _paying_from(
    ours: Option, theirs: Option, requests: "Floats", assumed: Assumptions, seen: Seen
) -> int | None:
    """From which of these volumes on ours has cost no more by the last month; None: of none."""
    import numpy as np

    ends: list[Floats] = []
    for option in (ours, theirs):
        base = base_world(assumed, option.role)
        same = {name: np.repeat(values, len(requests)) for name, values in base.items()}
        world = {**same, REQUESTS: requests}
        found = ledger(way_of(option, seen.base, world), world, assumed.months)
        ends.append(found.cumulative_usd[:, -1])
    pays = ends[0] <= ends[1]
    lost = np.flatnonzero(~pays)
    first = int(lost[-1]) + 1 if len(lost) else 0
    return first if first < len(pays) else None


def swings_of(
    one: Reckoned, rival: Reckoned | None, assumed: Assumptions, seen: Seen
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
    option: Option, ends: Sequence[tuple[str, float]], assumed: Assumptions, seen: Seen
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
        met = [month_of(m) for m in break_even(ours.cumulative_usd, theirs.cumulative_usd)[at]]
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


def utilised(one: Reckoned, assumed: Assumptions, seen: Seen) -> list[Utilised]:
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
