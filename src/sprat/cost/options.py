"""Ways to answer all requests, and what each takes of the measured answers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from sprat.cost.assumptions import Assumptions
from sprat.cost.forecast import Way
from sprat.cost.result import Kind

if TYPE_CHECKING:
    from sprat.cost.forecast import Floats, World

Column = Literal["busy_s", "joules", "paid_usd", "prompt_chars", "answer_chars"]
"""What is known of each measured answer; a mean of it for each world is in `Means`."""
Means = Mapping[str, Mapping[Column, "Floats"]]
"""By measured side; a column that was not measured is not there."""
LOCAL_TERMS = ("machine_usd", "electricity_usd_per_kwh", "idle_watts", "setup_hours",
               "upkeep_hours_per_month")  # fmt: skip
"""What a machine of one's own asks for beside its requests."""


class TokenRate(msgspec.Struct, frozen=True):
    """Dollars per million tokens."""

    input_usd_per_mtok: float
    output_usd_per_mtok: float


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One model's part in answering a request."""

    side: str
    """Whose answers tell what it takes: a key of `Means`."""
    rate: TokenRate | None = None
    """The price of the cloud's model that does it; None: the measured side does it itself."""
    shared: bool = False
    """Whether it does only the requests that are passed on: `escalation_pct`."""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One way to answer."""

    id: str
    name: str
    kind: Kind
    legs: tuple[Leg, ...]
    role: str = ""
    """Whose own assumptions it has, `machine_usd@large`: that of its measured side."""
    basis: str = ""
    right: float | None = None
    unpriced: str = ""
    """Why there is no price, whatever is assumed; empty: there can be one."""


def needs_machine(option: Option, means: Means) -> bool:
    """Whether it computes on a machine of one's own."""
    return any(leg.rate is None and "busy_s" in means[leg.side] for leg in option.legs)


def way_of(option: Option, means: Means, world: "World") -> Way:
    """What a request takes in each world, all legs together."""
    import numpy as np

    zero = np.zeros_like(world["tokens_growth_pct"])
    busy_s, joules, cloud_usd = zero, zero, zero
    metered = True
    for leg in option.legs:
        taken = means[leg.side]
        share = world["escalation_pct"] / 100 if leg.shared else 1.0
        if leg.rate is not None:
            cloud_usd = cloud_usd + share * _listed(leg.rate, taken, world)
            continue
        busy_s = busy_s + share * taken.get("busy_s", zero)
        cloud_usd = cloud_usd + share * taken.get("paid_usd", zero)
        joules = joules + share * taken.get("joules", zero)
        metered = metered and ("joules" in taken or "busy_s" not in taken)
    if not needs_machine(option, means):
        return Way(cloud_usd=cloud_usd)
    return Way(busy_s=busy_s, joules=joules if metered else None, cloud_usd=cloud_usd)


def _listed(rate: TokenRate, taken: Mapping[Column, "Floats"], world: "World") -> "Floats":
    """A request's price: characters as measured, in the cloud's own tokens."""
    tokens_in = taken["prompt_chars"] / world["cloud_chars_per_token"]
    tokens_out = (
        taken["answer_chars"] * world["cloud_output_factor"] / world["cloud_chars_per_token"]
    )
    return (tokens_in * rate.input_usd_per_mtok + tokens_out * rate.output_usd_per_mtok) / 1e6


def missing_terms(option: Option, means: Means, assumed: Assumptions) -> tuple[str, ...]:
    """Terms that it needs and that nobody has given, in their order."""
    wanted = {"requests_per_month"}
    if any(leg.shared for leg in option.legs):
        wanted.add("escalation_pct")
    if needs_machine(option, means):
        wanted.update(LOCAL_TERMS)
        hours = [assumed.of(name, option.role).value for name in LOCAL_TERMS[-2:]]
        if any(value is None or value > 0 for value in hours):
            wanted.add("hour_usd")
        if not _metered(option, means):
            wanted.add("load_watts")
    return tuple(
        name
        for name in assumed.values
        if name in wanted and assumed.of(name, option.role).value is None
    )


def terms_used(option: Option, means: Means) -> frozenset[str]:
    """Terms that move its cost; the others leave it as it is."""
    used = {"requests_per_month", "growth_pct", "tokens_growth_pct", "discount_pct"}
    if any(leg.shared for leg in option.legs):
        used.add("escalation_pct")
    if any(leg.rate is not None for leg in option.legs):
        used.update({"cloud_chars_per_token", "cloud_output_factor"})
    if any(leg.rate is not None or "paid_usd" in means[leg.side] for leg in option.legs):
        used.add("cloud_price_change_pct")
    if needs_machine(option, means):
        used.update({*LOCAL_TERMS, "machine_months", "residual_pct", "utilisation_ceiling_pct",
                     "overhead_factor", "hour_usd"})  # fmt: skip
        if not _metered(option, means):
            used.add("load_watts")
    return frozenset(used)


def _metered(option: Option, means: Means) -> bool:
    return all(
        "joules" in means[leg.side] or "busy_s" not in means[leg.side]
        for leg in option.legs
        if leg.rate is None
    )
