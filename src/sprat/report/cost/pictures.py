"""The pictures of a forecast: money spent month by month, and what moves the cost."""

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from sprat.cost.result import BreakEven, CostForecast, OptionCost, Swing
from sprat.report.cost import words
from sprat.report.pictures.plot import Plot
from sprat.report.pictures.svg import Scale, box, line, picture, tag, text

HEIGHT, TOP, BOTTOM = 360, 14, 310
BAR = 26


class Drawn(msgspec.Struct, frozen=True):
    """An option with the look of its line."""

    option: OptionCost
    look: str


def drawn(found: CostForecast) -> list[Drawn]:
    """The priced options, each with a look of its own: colour by kind, dashes within a kind."""
    seen: dict[str, int] = {}
    looks: list[Drawn] = []
    for one in found.options:
        if one.cumulative_usd:
            place = seen.get(one.kind, 0)
            seen[one.kind] = place + 1
            looks.append(Drawn(one, f"{one.kind} dash{min(place, 3)}"))
    return looks


def cumulative_picture(found: CostForecast) -> Markup:
    """Spent by the end of each month; bands where the decision lies. Empty: nothing is priced."""
    lines = drawn(found)
    if not lines:
        return Markup()
    met = words.decisive(found)
    banded = {met.option, met.rival} if met else {one.option.id for one in lines[:1]}
    plot = _plot(lines, banded, found.months)
    bands = [_band(plot, one) for one in lines if one.option.id in banded]
    curves = [plot.curve(_points(one.option), f"spent {one.look}") for one in lines]
    return picture(
        HEIGHT, _said(found, lines), [*_frame(plot), *bands, *curves, *_mark(plot, found, met)]
    )


def _plot(lines: Sequence[Drawn], banded: set[str], months: int) -> Plot:
    """Room for every line, and for the bands that are drawn."""
    tops = [one.option.cumulative_usd[-1].value for one in lines]
    tops += [one.option.cumulative_usd[-1].high for one in lines if one.option.id in banded]
    return Plot(
        across=Scale(0, months), low=0, high=(max(tops) or 1.0) * 1.04, top=TOP, bottom=BOTTOM
    )


def _frame(plot: Plot) -> list[Markup]:
    heights = Scale(plot.low, plot.high).ticks(5)
    rules = [line(0, plot.y(tick), 100, plot.y(tick), "grid") for tick in heights]
    names = [text(0, plot.y(tick) - 4, words.amount(tick)) for tick in heights if tick > 0]
    months = [tick for tick in plot.across.ticks(6) if tick == round(tick)]
    ticks = [text(plot.across(tick), BOTTOM + 18, f"{tick:g}") for tick in months]
    return [*rules, *names, *ticks, text(50, BOTTOM + 38, "months")]


def _points(one: OptionCost) -> list[tuple[float, float]]:
    return [(month, figure.value) for month, figure in enumerate(one.cumulative_usd)]


def _band(plot: Plot, one: Drawn) -> Markup:
    figures = list(enumerate(one.option.cumulative_usd))
    upper = [(month, figure.high) for month, figure in figures]
    lower = [(month, figure.low) for month, figure in reversed(figures)]
    return plot.path([*upper, *lower], f"around {one.look}", "polygon")


def _mark(plot: Plot, found: CostForecast, met: BreakEven | None) -> list[Markup]:
    """The break-even: a ring where the two lines meet, and its month."""
    ours = found.option(met.option) if met else None
    if met is None or met.month is None or ours is None:
        return []
    x, y = plot.across(met.month), plot.y(ours.cumulative_usd[met.month].value)
    title = tag("title", words.meets(met))
    ring = tag("circle", title, cx=f"{x:.2f}%", cy=y, r=8, class_="ring")
    said = "from the start" if met.month == 0 else f"month {met.month}"
    return [line(x, y, x, BOTTOM, "margin"), ring, text(x, BOTTOM - 8, said, "tick strong")]


def _said(found: CostForecast, lines: Sequence[Drawn]) -> str:
    totals = "; ".join(f"{d.option.name}: {words.money(d.option.total_usd)}" for d in lines)
    met = words.decisive(found)
    return f"Dollars spent over {found.months} months. {totals}. {words.meets(met) if met else ''}"


def tornado_scale(one: OptionCost, swings: Sequence[Swing]) -> Scale:
    """One scale for all bars of an option."""
    ends = [end for s in swings for end in (s.usd_per_1000_low, s.usd_per_1000_high)]
    ends += [one.usd_per_1000.value] if one.usd_per_1000 else []
    room = (max(ends) - min(ends)) * 0.04 or 1.0
    return Scale(max(0.0, min(ends) - room), max(ends) + room)


def tornado_bar(one: OptionCost, swing: Swing, scale: Scale) -> Markup:
    """From the cost as assumed to the cost at both ends."""
    middle = scale(one.usd_per_1000.value if one.usd_per_1000 else 0.0)
    pieces: list[Markup] = []
    for end, class_ in ((swing.usd_per_1000_low, "lowest"), (swing.usd_per_1000_high, "highest")):
        low, high = sorted((middle, scale(end)))
        pieces.append(box(low, high, 6, BAR - 12, f"swing {class_}"))
    said = (
        f"{swing.title}: {words.amount(swing.usd_per_1000_low)} at "
        f"{words.quantity(swing.low_value)}, {words.amount(swing.usd_per_1000_high)} at "
        f"{words.quantity(swing.high_value)}"
    )
    return picture(BAR, said, [*pieces, line(middle, 0, middle, BAR, "zero")])


def tornado_axis(scale: Scale) -> Markup:
    """Dollars for a thousand requests."""
    ticks = [text(scale(tick), 13, words.amount(tick)) for tick in scale.ticks(3)]
    return picture(18, "US dollars for 1,000 requests", ticks)
