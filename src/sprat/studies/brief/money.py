"""What it costs: from `sprat cost`'s own forecast, the few numbers that a brief has room for."""

from collections.abc import Sequence

from sprat.cost.assumptions import Assumptions
from sprat.cost.result import BreakEven, CostForecast, OptionCost
from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.brief.contest import Field
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.material import Material
from sprat.studies.brief.result import Advice, Money, OptionLine
from sprat.studies.costs.passed import Passed

MOST = {"small": 1, "large": 1, "model": 3, "hybrid": 1, "cloud": 2}
"""Options of each kind on the first page; the others are in the cost's own report."""
NAMED = 3
"""Assumptions that are named; the others are in the cost's own report."""


async def money_of(
    material: Material,
    field: Field,
    settings: Settings,
    assumptions: Assumptions | None,
    advice: Advice,
    notes: Footnotes,
) -> Money:
    """The cost of each option, and when a machine of one's own has paid for itself.

    `assumptions` None: what `[cost]` of sprat.toml declares.

    Raises:
        SettingsError: a cloud that somebody named has no price.
    """
    from sprat.cost.assumptions import assumptions_of
    from sprat.studies.costing import costing

    runs = _runs(material, field)
    if not runs:
        return Money(why="no study here keeps what a forecast needs.")
    assumed = assumptions or assumptions_of(settings.cost)
    try:
        passed = await _passed(advice, material.store, runs, settings)
        found = costing(material.store, runs, settings, assumed, passed=passed)
    except RunError as error:
        return Money(why=error.message)
    return _told(found, runs, advice, notes)


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

    return await passed_on(read_policy(find_policy(advice.model, settings)), store, runs[0])


def _told(found: CostForecast, runs: Sequence[str], advice: Advice, notes: Footnotes) -> Money:
    priced = [option for option in found.options if option.usd_per_1000 is not None]
    mark = None
    if priced:
        mark = notes.cite(
            runs[0],
            "Cost",
            f"forecast over {found.months} months from the measured answers; {found.draws:,} draws "
            f"of what is uncertain, bands of 90%; {found.prices or 'no cloud priced'}",
            n=sum(side.asked for side in found.measured),
            command=f"sprat cost {' '.join(runs)}",
        )
    asked = {line.name: line.value for line in found.assumptions}
    swinging = [one for one in found.assumptions if one.origin == "assumed" and one.moves_usd]
    return Money(
        months=found.months,
        requests_per_month=asked.get("requests_per_month"),
        options=tuple(_line(option) for option in _chosen(priced)),
        unpriced=tuple(o.name for o in found.options if o.usd_per_1000 is None),
        break_even=_break_even(found, advice),
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


def _break_even(found: CostForecast, advice: Advice) -> BreakEven | None:
    """Of what is advised, beside the cheapest cloud; else of the first that has one."""
    wanted = "large" if advice.use == "neither" else advice.use
    mine = [one for one in found.break_evens if one.rival == found.rival]
    fitting = [one for one in mine if one.option == wanted]
    return next(iter((*fitting, *mine)), None)
