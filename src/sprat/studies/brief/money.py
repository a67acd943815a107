"""What it costs: from `sprat cost`'s own forecast, the few numbers that a brief has room for."""

import shlex
from collections.abc import Sequence
from typing import Protocol

from sprat.cost.assumptions import Assumptions
from sprat.cost.result import BreakEven, CostForecast, OptionCost
from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.brief.advice import better_of
from sprat.studies.brief.contest import Field
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.material import Material
from sprat.studies.brief.result import Advice, Money, OptionLine
from sprat.studies.costs.passed import Passed

MOST = {"small": 1, "large": 1, "model": 3, "hybrid": 1, "cloud": 2}
"""Options of each kind on the first page; the others are in the cost's own report."""
NAMED = 3
"""Assumptions that are named; the others are in the cost's own report."""


class CostWish(Protocol):
    """What a forecast is to assume, and the options of `sprat cost` that say the same."""

    @property
    def assumptions(self) -> Assumptions | None:
        """None: what `[cost]` of sprat.toml declares."""
        ...

    @property
    def cost_options(self) -> tuple[str, ...]:
        """As typed."""
        ...


async def money_of(
    material: Material,
    field: Field,
    settings: Settings,
    wish: CostWish,
    advice: Advice,
    notes: Footnotes,
) -> Money:
    """The cost of each option, and when a machine of one's own has paid for itself.

    Raises:
        SettingsError: a cloud that somebody named has no price.
    """
    from sprat.cost.assumptions import assumptions_of
    from sprat.studies.costing import costing

    runs = _runs(material, field)
    if not runs:
        return Money(why="no study here keeps what a forecast needs.")
    assumed = wish.assumptions or assumptions_of(settings.cost)
    try:
        passed = await _passed(advice, material.store, runs, settings)
        found = costing(material.store, runs, settings, assumed, passed=passed)
    except RunError as error:
        return Money(why=error.message)
    policy = ("--policy", passed.policy) if passed else ()
    command = shlex.join(["sprat", "cost", *runs, *wish.cost_options, *policy])
    return _told(found, runs, command, _advised(advice, field), notes)


def _advised(advice: Advice, field: Field) -> str:
    """Whose break-even is told: a model's name, of neither the better one's, or `hybrid`."""
    if advice.use == "neither" and field.contest is not None:
        return better_of(field.contest).model.name
    return "hybrid" if advice.use == "hybrid" else advice.model


def _runs(material: Material, field: Field) -> list[str]:
    """The studies of the models that the brief is about; without any, those of speed alone."""
    if field.contest is not None:
        return list(dict.fromkeys((field.contest.small.study.id, field.contest.large.study.id)))
    if field.models:
        return [field.models[0].study.id]
    return [bench.run for bench in material.benches[:1]]


async def _passed(
    advice: Advice, store: Store, runs: Sequence[str], settings: Settings
) -> Passed | None:
    """What the policy that is advised passes on to the large model; None: none is."""
    if not advice.model.startswith("policy:"):
        return None
    from sprat.policies.file import find_policy, read_policy
    from sprat.studies.costs.passed import passed_on

    return await passed_on(read_policy(find_policy(advice.model, settings)), store, runs)


def _told(
    found: CostForecast, runs: Sequence[str], command: str, advised: str, notes: Footnotes
) -> Money:
    priced = [option for option in found.options if option.usd_per_1000 is not None]
    mark = None
    if priced:
        mark = notes.cite(
            runs[0],
            "Cost",
            f"forecast over {found.months} months from the measured answers; {found.draws:,} draws "
            f"of what is uncertain, bands of 90%; {found.prices or 'no cloud priced'}",
            n=sum(side.asked for side in found.measured),
            command=command,
        )
    asked = {line.name: line.value for line in found.assumptions}
    swinging = [one for one in found.assumptions if one.origin == "assumed" and one.moves_usd]
    return Money(
        months=found.months,
        requests_per_month=asked.get("requests_per_month"),
        options=tuple(_line(option) for option in _chosen(priced)),
        unpriced=tuple(o.name for o in found.options if o.usd_per_1000 is None),
        break_even=_break_even(found, advised),
        missing=tuple(line.title for line in found.asked),
        assumed=tuple(line.title for line in swinging[:NAMED]),
        examples=not found.clouds_declared,
        mark=mark,
    )


def _chosen(priced: Sequence[OptionCost]) -> list[OptionCost]:
    """The first few of each kind, in their order."""
    kinds: dict[str, int] = {}
    chosen: list[OptionCost] = []
    for option in priced:
        kinds[option.kind] = kinds.get(option.kind, 0) + 1
        if kinds[option.kind] <= MOST[option.kind]:
            chosen.append(option)
    return chosen


def _line(option: OptionCost) -> OptionLine:
    return OptionLine(
        id=option.id,
        name=option.name,
        kind=option.kind,
        usd_per_1000=option.usd_per_1000,
        total_usd=option.total_usd,
    )


def _break_even(found: CostForecast, advised: str) -> BreakEven | None:
    """Of what is advised, beside the cheapest cloud; None: it has none, or no price."""
    mine = [one for one in found.break_evens if one.rival == found.rival]
    ids = {option.id for option in found.options if _is_of(option, advised)}
    return next((one for one in mine if one.option in ids), None)


def _is_of(option: OptionCost, advised: str) -> bool:
    """Whether it is that model alone, or the hybrid of both that was measured."""
    alone = {"small", "large", "model"}
    return option.id == advised or (
        option.kind in alone and option.name in {advised, f"{option.kind}: {advised}"}
    )
