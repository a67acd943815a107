"""Month by month: what is spent on machines, electricity, people and tokens. Pure arithmetic.

Everything is computed for many worlds at once: the first axis of every array is the world (one
draw of the assumptions), the second the month. Formulas, and one case by hand: docs/cost.md.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from sprat.cost.rates import KWH_JOULES, YEAR_S

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

World = Mapping[str, "Floats"]
"""Values of the terms, by name: one for each world."""
MONTH_S = YEAR_S / 12
"""2 629 800 s."""
_NEARLY = 1e-9
"""A machine that is full to the last bit of a float is not one machine too few."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What one way to answer takes for a request, in each world."""

    busy_s: "Floats | None" = None
    """Seconds of a machine; None: no machine of one's own."""
    joules: "Floats | None" = None
    """Above idle, by a counter; None: of declared watts."""
    cloud_usd: "Floats | None" = None
    """Paid by the token, at today's prices; None: nothing is."""


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """What a way costs over the horizon."""

    requests: "Floats"
    """(worlds, months)."""
    cumulative_usd: "Floats"
    """(worlds, months + 1): spent by then, discounted; the first column is before any request."""
    parts_usd: "dict[str, Floats]"
    """(worlds,) each, over the whole horizon, undiscounted; machines by the months they serve."""
    machines: "Floats"
    """(worlds, months): in place."""
    busy: "Floats"
    """(worlds, months): share of the time that those compute, 0..1."""

    @property
    def usd_per_1000(self) -> "Floats":
        """What a thousand requests cost, all parts together."""
        return sum(self.parts_usd.values()) / self.requests.sum(axis=1) * 1000


def ledger(way: Way, world: World, months: int) -> Ledger:
    """Reckon a way through, month by month. Terms that it does not need may be missing."""
    import numpy as np

    month = np.arange(months, dtype=np.float64)
    requests = _column(world["requests_per_month"]) * _growth(world["growth_pct"], month)
    volume = requests * _growth(world["tokens_growth_pct"], month)
    nothing = np.zeros_like(requests)
    cloud = nothing if way.cloud_usd is None else _cloud(way.cloud_usd, volume, world, month)
    if way.busy_s is None:
        flows = np.concatenate([nothing[:, :1], cloud], axis=1)
        cumulative = _cumulative(flows, world)
        return Ledger(requests=requests, cumulative_usd=cumulative, machines=nothing, busy=nothing,
                      parts_usd={"cloud": cloud.sum(axis=1)})  # fmt: skip
    busy_s = volume * _column(way.busy_s)
    above = None if way.joules is None else volume * _column(way.joules)
    return _of_machines(world, requests, busy_s, above, cloud)


def _of_machines(
    world: World, requests: "Floats", busy_s: "Floats", joules: "Floats | None", cloud: "Floats"
) -> Ledger:
    import numpy as np

    needed = machines_needed(busy_s, _column(world["utilisation_ceiling_pct"]))
    life = np.round(world["machine_months"]).astype(np.int64)
    bought, retired, owned = purchases(needed, life)
    price, kept = world["machine_usd"], world["machine_usd"] * world["residual_pct"] / 100
    electricity = _electricity(world, busy_s, joules, owned)
    hour = world.get("hour_usd", np.zeros(len(requests)))
    setup = world["setup_hours"] * hour
    upkeep = np.zeros_like(requests) + _column(world["upkeep_hours_per_month"] * hour)
    # Machines are paid at the beginning of a month: in the column before it.
    flows = np.zeros((requests.shape[0], requests.shape[1] + 1))
    flows[:, :-1] += bought * _column(price) - retired * _column(kept)
    flows[:, 1:] += electricity + upkeep + cloud
    flows[:, 0] += setup
    parts = {
        "machines": (owned * _column((price - kept) / life)).sum(axis=1),
        "electricity": electricity.sum(axis=1),
        "set-up": setup,
        "upkeep": upkeep.sum(axis=1),
        "cloud": cloud.sum(axis=1),
    }
    return Ledger(
        requests=requests,
        cumulative_usd=_cumulative(flows, world),
        parts_usd=parts,
        machines=owned,
        busy=busy_s / (owned * MONTH_S),
    )


def machines_needed(busy_s: "Floats", ceiling_pct: "Floats") -> "Floats":
    """How many machines a month's busy seconds take, at least one."""
    import numpy as np

    return np.maximum(1.0, np.ceil(busy_s / (MONTH_S * ceiling_pct / 100) - _NEARLY))


def purchases(needed: "Floats", life: "NDArray[np.int64]") -> "tuple[Floats, Floats, Floats]":
    """(bought, retired, owned) at the beginning of each month; `life` in months, one a world.

    A machine is bought when those in place are too few, and is retired after its life.
    """
    import numpy as np

    bought, retired, owned = (np.zeros_like(needed) for _ in range(3))
    rows, there = np.arange(len(needed)), np.zeros(len(needed))
    for month in range(needed.shape[1]):
        old = month - life
        retired[:, month] = np.where(old >= 0, bought[rows, np.maximum(old, 0)], 0.0)
        there = there - retired[:, month]
        bought[:, month] = np.maximum(0.0, needed[:, month] - there)
        there = there + bought[:, month]
        owned[:, month] = there
    return bought, retired, owned


def break_even(ours: "Floats", theirs: "Floats") -> "Floats":
    """The month from whose end on we have spent no more than they, to the last; infinity: never.

    Both are (worlds, months + 1), cumulative.
    """
    import numpy as np

    fine = ours <= theirs + _NEARLY * np.maximum(1.0, np.abs(theirs))
    stays = np.logical_and.accumulate(fine[:, ::-1], axis=1)[:, ::-1]
    return np.where(stays[:, -1], np.argmax(stays, axis=1), np.inf)


def _electricity(
    world: World, busy_s: "Floats", joules: "Floats | None", owned: "Floats"
) -> "Floats":
    """Of the idle machines all month, and of answering on top of that."""
    import numpy as np

    idle = _column(world["idle_watts"])
    if joules is None:
        joules = busy_s * np.maximum(0.0, _column(world["load_watts"]) - idle)
    used = (owned * idle * MONTH_S + joules) * _column(world["overhead_factor"])
    return used / KWH_JOULES * _column(world["electricity_usd_per_kwh"])


def _cloud(usd: "Floats", volume: "Floats", world: World, month: "Floats") -> "Floats":
    yearly = 1 + _column(world["cloud_price_change_pct"]) / 100
    return volume * _column(usd) * yearly ** (month / 12)


def _growth(pct: "Floats", month: "Floats") -> "Floats":
    return (1 + _column(pct) / 100) ** month


def _cumulative(flows: "Floats", world: World) -> "Floats":
    import numpy as np

    yearly = 1 + _column(world["discount_pct"]) / 100
    years = np.arange(flows.shape[1], dtype=np.float64) / 12
    discounted: Floats = flows / yearly**years
    return np.cumsum(discounted, axis=1)


def _column(values: "Floats") -> "Floats":
    return values[:, None]
