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
    step = next(step for step in (1, 3, 6, 12, 24, 60) if plot.across.high <= 7 * step)
    months = range(0, round(plot.across.high) + 1, step)
    ticks = [text(plot.across(tick), BOTTOM + 18, f"{tick}") for tick in months]
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
    beside = x + 7 if x < 80 else x - 7
    return [line(x, y, x, BOTTOM, "margin"), ring, text(beside, BOTTOM - 8, said, "tick strong")]


def _said(found: CostForecast, lines: Sequence[Drawn]) -> str:
    totals = "; ".join(f"{d.option.name}: {words.money(d.option.total_usd)}" for d in lines)
    met = words.decisive(found)
    return f"Dollars spent over {found.months} months. {totals}. {words.meets(met) if met else ''}"


def tornado_scale(one: OptionCost, rival: OptionCost | None, swings: Sequence[Swing]) -> Scale:
    """One scale for all bars of an option."""
    ends = [end for swing in swings for end in _ends(swing)] + [as_assumed(one, rival)]
    if rival is not None:
        ends.append(0.0)
    room = (max(ends) - min(ends)) * 0.04 or 1.0
    return Scale(min(ends) - room, max(ends) + room)


def as_assumed(one: OptionCost, rival: OptionCost | None) -> float:
    """What is saved against the rival by the last month; without one, what is spent."""
    spent = one.total_usd.value if one.total_usd else 0.0
    if rival is None or rival.total_usd is None:
        return spent
    return rival.total_usd.value - spent


def _ends(swing: Swing) -> tuple[float, float]:
    if swing.saved_usd_low is None or swing.saved_usd_high is None:
        return swing.total_usd_low, swing.total_usd_high
    return swing.saved_usd_low, swing.saved_usd_high


def tornado_bar(swing: Swing, middle: float, scale: Scale, *, rival: bool) -> Markup:
    """From the outcome as assumed to that at both ends; left of the dashed line the cloud wins."""
    pieces: list[Markup] = []
    for end, class_ in zip(_ends(swing), ("lowest", "highest"), strict=True):
        low, high = sorted((scale(middle), scale(end)))
        pieces.append(box(low, high, 6, BAR - 12, f"swing {class_}"))
    if rival:
        pieces.append(line(scale(0), 0, scale(0), BAR, "margin"))
    low, high = (_written(end, rival=rival) for end in _ends(swing))
    said = (
        f"{swing.title}: {low} at {words.quantity(swing.low_value)}, {high} at "
        f"{words.quantity(swing.high_value)}"
    )
    return picture(BAR, said, [*pieces, line(scale(middle), 0, scale(middle), BAR, "zero")])


def tornado_axis(scale: Scale, *, rival: bool) -> Markup:
    """Dollars over the horizon."""
    ticks = [text(scale(tick), 13, _written(tick, rival=rival)) for tick in scale.ticks(3)]
    return picture(18, "US dollars over the horizon", ticks)


def _written(value: float, *, rival: bool) -> str:
    if value == 0:
        return "$0"
    return words.saved(value) if rival else words.amount(value)
