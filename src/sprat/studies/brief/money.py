"""What it costs: from `sprat cost`'s own forecast, the few numbers that a brief has room for."""

from collections.abc import Sequence

from sprat.cost.assumptions import Assumptions
from sprat.cost.result import BreakEven, CostForecast, OptionCost
from sprat.errors import RunError
from sprat.settings import Settings
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.material import Material
from sprat.studies.brief.result import Advice, Money, OptionLine

PRICED = ("compare", "evaluate", "bench", "grounded")
MOST = 5
"""Options on the first page."""


def money_of(
    material: Material,
    settings: Settings,
    assumptions: Assumptions | None,
    advice: Advice,
    notes: Footnotes,
) -> Money:
    """The cost of each option, and when a machine of one's own has paid for itself.

    `assumptions` None: what `[cost]` of sprat.toml declares.
    """
    from sprat.cost.assumptions import assumptions_of
    from sprat.studies.costing import costing

    runs = [study.id for study in material.studies if study.kind in PRICED]
    assumed = assumptions or assumptions_of(settings.cost)
    try:
        found = costing(material.store, runs, settings, assumed)
    except RunError as error:
        return Money(why=error.message)
    return _told(found, runs, advice, notes)


def _told(found: CostForecast, runs: Sequence[str], advice: Advice, notes: Footnotes) -> Money:
    priced = [option for option in found.options if option.usd_per_1000 is not None]
    mark = None
    if priced:
        mark = notes.cite(
            runs[0],
            "Cost",
            f"forecast over {found.months} months from the measured answers, {found.draws:,} draws "
            f"of what is uncertain, bands of 90%; {found.prices}",
            n=sum(side.asked for side in found.measured),
            command=f"sprat cost {' '.join(runs)}",
        )
    asked = {line.name: line for line in found.assumptions}
    return Money(
        months=found.months,
        requests_per_month=asked["requests_per_month"].value,
        options=tuple(_line(option) for option in priced[:MOST]),
        unpriced=tuple(o.name for o in found.options if o.usd_per_1000 is None),
        break_even=_break_even(found, advice),
        missing=tuple(line.title for line in found.asked),
        assumed=tuple(
            line.title for line in found.assumptions if line.origin == "assumed" and line.swing
        )[:3],
        examples=not found.clouds_declared,
        mark=mark,
    )


def _line(option: OptionCost) -> OptionLine:
    each = option.usd_per_1000
    return OptionLine(
        id=option.id,
        name=option.name,
        cloud=option.kind == "cloud",
        usd_per_1000=each.value if each else 0.0,
        low=each.low if each else 0.0,
        high=each.high if each else 0.0,
        total_usd=option.total_usd.value if option.total_usd else None,
    )


def _break_even(found: CostForecast, advice: Advice) -> BreakEven | None:
    """Of what is advised, beside the cheapest cloud; else of the first that has one."""
    mine = [one for one in found.break_evens if one.rival == found.rival]
    fitting = [one for one in mine if one.option == advice.use]
    return next(iter((*fitting, *mine)), None)
