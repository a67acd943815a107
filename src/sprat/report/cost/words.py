"""What every report says about a forecast, before anyone decides how it looks."""

from sprat.cost.result import AssumptionLine, BreakEven, CostForecast, Figure, OptionCost, Volume
from sprat.report import numbers
from sprat.report.facts import Tone
from sprat.studies.bestuse import USABLE

SURE = 0.95
"""Of the draws: as many must agree before a report says which is cheaper."""
NOT_PRICED = "not priced"


def headline(found: CostForecast) -> tuple[str, Tone]:
    """What it comes to, and how it should feel."""
    met = decisive(found)
    if met is None:
        if best(found) is None:
            return "Not priced yet", "open"
        return "Priced, with no cloud to hold it against", "open"
    if met.never >= SURE:
        return "The cloud costs less", "good"
    if met.never > 1 - SURE:
        return "It depends on what is assumed", "open"
    if met.month == 0:
        return "Your own machine costs less from the start", "good"
    return "Your own machine pays", "good"


def best(found: CostForecast) -> OptionCost | None:
    """The cheapest priced option with a machine of one's own; None: none is priced."""
    priced = [one for one in found.options if one.machines is not None and one.total_usd]
    return min(priced, key=lambda one: one.total_usd.value if one.total_usd else 0, default=None)


def decisive(found: CostForecast) -> BreakEven | None:
    """The cheapest machine against the cheapest cloud; None: one of them has no price."""
    ours = best(found)
    pair = (ours.id if ours else "", found.rival)
    return next((one for one in found.break_evens if (one.option, one.rival) == pair), None)


def sentence(found: CostForecast) -> str:
    """Both totals, when they meet, and the volume at which they would."""
    ours, theirs = best(found), found.option(found.rival or "")
    if ours is None:
        return _unpriced(found)
    parts = [f"Over {months(found.months)}{_demand(found)}, the cheapest machine, {_costs(ours)}"]
    met = decisive(found)
    if theirs is None or met is None:
        return f"{parts[0]}."
    parts = [f"{parts[0]}; the cheapest cloud, {_costs(theirs)}.", meets(met)]
    volume = volume_of(found, met)
    if met.month is None and volume is not None:
        parts.append(_volume(volume, found.months))
    return " ".join(part for part in (*parts, _seldom_right(ours), _by_right(found, ours)) if part)


def _seldom_right(cheapest: OptionCost) -> str:
    """A low price is no reason to take what is mostly wrong."""
    if cheapest.right is None or cheapest.right >= USABLE:
        return ""
    return (
        f"But {cheapest.name} is right on only {numbers.score(cheapest.right)} of what was asked: "
        "whether its answers will do, no price tells."
    )


def _by_right(found: CostForecast, cheapest: OptionCost) -> str:
    """Who gives right answers for the least, where that is not who answers for the least."""
    measured = [one for one in found.options if one.usd_per_1000_right is not None]
    least = min(measured, key=lambda one: one.usd_per_1000_right or 0, default=cheapest)
    if least.id == cheapest.id or cheapest.right is None:
        return ""
    against = cheapest.usd_per_1000_right
    than = f", against {amount(against)}" if against is not None else ""
    return (
        f"Of those measured, right answers come cheapest from {least.name}: "
        f"{amount(least.usd_per_1000_right)} a thousand{than}."
    )


def _unpriced(found: CostForecast) -> str:
    if not found.asked:
        return "No option has a price; why stands beside each of them."
    theirs = found.option(found.rival or "")
    cloud = f" The cheapest cloud, {_costs(theirs)}." if theirs and theirs.total_usd else ""
    lacking = lacks(len(found.asked))
    return (
        f"{lacking[0].upper()}{lacking[1:]} below, since no default would hold for everybody. What "
        f"was measured, and what a machine can carry, needs none of them.{cloud}"
    )


def lacks(count: int) -> str:
    """How much is missing."""
    return "one number is asked for" if count == 1 else f"{count} numbers are asked for"


def _demand(found: CostForecast) -> str:
    line = next((one for one in found.assumptions if one.name == "requests_per_month"), None)
    if line is None or line.value is None:
        return ""
    growth = next((one.value for one in found.assumptions if one.name == "growth_pct"), None)
    grown = f", {growth:+g}% each month" if growth else ""
    return f", {line.value:,.0f} requests a month{grown}"


def _costs(one: OptionCost) -> str:
    name = one.name.removeprefix("cloud: ")
    if one.right is not None:
        name = f"{name} ({numbers.score(one.right)} right)"
    return f"{name}, costs {money(one.total_usd)} ({band(one.total_usd)})"


def meets(met: BreakEven) -> str:
    """When a machine has paid, in words."""
    if met.month is None:
        often = "none" if met.never == 1 else f"{1 - met.never:.0%}"
        return (
            f"The machine does not pay for itself in that time; it does in {often} of the cases "
            "that were drawn by chance."
        )
    when = "from the start" if met.month == 0 else f"at the end of month {met.month}"
    return f"The machine breaks even {when} (in 90% of cases: {month_band(met)})."


def _volume(volume: Volume, horizon: int) -> str:
    if volume.requests_per_month is None:
        return f"No number of requests changes that within {months(horizon)}."
    return (
        f"It would within {months(horizon)} from about {rounded(volume.requests_per_month)} "
        "requests a month on."
    )


def volume_of(found: CostForecast, met: BreakEven) -> Volume | None:
    """The volume at which this pair meets by the last month."""
    pair = (met.option, met.rival)
    return next((one for one in found.volumes if (one.option, one.rival) == pair), None)


def to_say(found: CostForecast) -> list[str]:
    """What is asked for, one line each."""
    return [f"{line.name}, {line.unit}: {line.asks}" for line in found.asked]


def command(found: CostForecast) -> str:
    """How to say it."""
    said = " ".join(f"--set {line.name}=…" for line in found.asked)
    return f"sprat cost {' '.join(run.run for run in found.runs)} {said}"


def month(value: int | None, horizon: int) -> str:
    """When, in a cell."""
    if value is None:
        return f"not in {horizon}"
    return "at once" if value == 0 else f"{value}"


def month_band(met: BreakEven) -> str:
    """Where 90% of the draws lie; `never` is beyond the horizon."""
    if met.low is None:
        return "never"
    high = "never" if met.high is None else f"month {met.high}"
    return high if met.low == met.high else f"month {met.low} to {high}"


def money(figure: Figure | None) -> str:
    """A sum: whole dollars from a hundred on."""
    return NOT_PRICED if figure is None else amount(figure.value)


def amount(value: float | None) -> str:
    """Dollars, without cents where they say nothing."""
    if value is None:
        return NOT_PRICED
    return f"${value:,.0f}" if value >= 100 else numbers.dollars(value)


def outcome(value: float) -> str:
    """What is saved against a rival, in words."""
    return f"{'costs' if value < 0 else 'saves'} {amount(abs(value))}{' more' if value < 0 else ''}"


def saved(value: float | None) -> str:
    """Dollars more than the rival costs, or less, with their sign; empty: there is no rival."""
    if value is None:
        return ""
    return f"{'−' if value < 0 else '+'}{amount(abs(value))}"  # noqa: RUF001 - a real minus


def band(figure: Figure | None) -> str:
    """Where 90% of the draws lie."""
    return "" if figure is None else f"{amount(figure.low)} to {amount(figure.high)}"


def rounded(value: float) -> str:
    """Two digits that say something: a volume is no better known than that."""
    return f"{float(f'{value:.2g}'):,.0f}"


def quantity(value: float | None) -> str:
    """A number as somebody would type it."""
    if value is None:
        return "asked for"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def spread(line: AssumptionLine) -> str:
    """Both ends; empty: it is taken as certain."""
    if line.low is None or line.high is None:
        return ""
    return f"{quantity(line.low)} to {quantity(line.high)}"


def months(count: int) -> str:
    """How long."""
    return "one month" if count == 1 else f"{count} months"
