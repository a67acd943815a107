"""The tables of a forecast: the same on a terminal, a page, and in Markdown."""

from collections.abc import Sequence

import msgspec

from sprat.cost.result import CostForecast, MeasuredSide, OptionCost, Spread, Utilised
from sprat.report import numbers
from sprat.report.cost import words


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table with its title."""

    id: str
    title: str
    lead: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]
    align: str
    """An l or an r for each column."""


def tables_of(found: CostForecast) -> list[Table]:
    """Those that have a row, in the order in which they are read."""
    every = [
        options_table(found),
        break_even_table(found),
        parts_table(found),
        utilisation_table(found),
        measured_table(found),
        assumptions_table(found),
    ]
    return [table for table in every if table.rows]


def options_table(found: CostForecast) -> Table:
    """What each way costs, and how good it is."""
    return Table(
        id="options",
        title=f"What each way costs over {words.months(found.months)}",
        lead="Spent by the end, machines when they are bought; per 1,000 requests by the months "
        "that they serve. In brackets: where 90% of the cases lie that were drawn by chance.",
        heads=(
            "",
            "spent",
            "per 1,000 requests",
            "right",
            "per 1,000 right",
            "machines",
            "time busy",
        ),
        rows=[_option(one) for one in found.options],
        align="lrrrrrr",
    )


def _option(one: OptionCost) -> tuple[str, ...]:
    if one.total_usd is None:
        return (one.name, words.NOT_PRICED, _reason(one), numbers.score(one.right), "", "", "")
    right = words.amount(one.usd_per_1000_right) if one.usd_per_1000_right else ""
    return (
        one.name,
        f"{words.money(one.total_usd)} ({words.band(one.total_usd)})",
        f"{words.money(one.usd_per_1000)} ({words.band(one.usd_per_1000)})",
        numbers.score(one.right),
        right,
        _ends(one.machines, "{:,}") if one.machines else "none",
        _ends(one.busy, "{:.1%}") if one.busy else "",
    )


def _reason(one: OptionCost) -> str:
    """What a request costs all the same, or what it lacks."""
    if one.usd_per_1000 is not None:
        return f"{words.money(one.usd_per_1000)} ({words.band(one.usd_per_1000)})"
    return words.lacks(len(one.missing)) if one.missing else one.basis


def _ends(pair: Sequence[float], form: str) -> str:
    """The first and the last month's."""
    first, last = (form.format(value) for value in pair)
    return first if first == last else f"{first} to {last}"


def break_even_table(found: CostForecast) -> Table:
    """When a machine has paid, against each rival."""
    names = {one.id: one.name for one in found.options}
    met = {(one.option, one.rival): one for one in found.break_evens}
    rows: list[tuple[str, ...]] = []
    for volume in found.volumes:
        one = met.get((volume.option, volume.rival))
        needed = volume.requests_per_month
        rows.append(
            (
                names[volume.option],
                names[volume.rival],
                words.month(one.month, found.months) if one else words.NOT_PRICED,
                words.month_band(one) if one else "",
                f"{one.never:.0%}" if one else "",
                "no number" if needed is None else words.rounded(needed),
            )
        )
    return Table(
        id="break-even",
        title="When a machine of your own has paid",
        lead="From the end of that month on it has cost no more than the rival, to the last month. "
        "The last column: from so many requests in the first month on it pays by the last one.",
        heads=("", "against", "month", "90% of cases", "never", "from requests a month"),
        rows=rows,
        align="llrrrr",
    )


def parts_table(found: CostForecast) -> Table:
    """What a thousand requests are made of."""
    names = ("machines", "electricity", "set-up", "upkeep", "cloud")
    rows: list[tuple[str, ...]] = []
    for one in found.options:
        if one.parts:
            by_name = {part.what: part.usd_per_1000 for part in one.parts}
            cells = [words.amount(by_name[name]) if by_name.get(name) else "" for name in names]
            rows.append((one.name, *cells))
    return Table(
        id="parts",
        title="What 1,000 requests are made of",
        lead="Machines and set-up spread over what they serve.",
        heads=("", *names),
        rows=rows,
        align="lrrrrr",
    )


def utilisation_table(found: CostForecast) -> Table:
    """What idle time costs: one row for each option, one column for each load."""
    levels = sorted({one.busy for one in found.utilisation})
    cells = {(one.option, one.busy): _carried(one) for one in found.utilisation}
    shown = [one for one in found.options if any(key[0] == one.id for key in cells)]
    return Table(
        id="utilisation",
        title="What one machine can carry, and what idle time costs",
        lead="Requests a month that keep one machine computing so much of the time, one after the "
        "other, and what 1,000 of them cost then.",
        heads=("", *(f"busy {level:.0%}" for level in levels)),
        rows=[(one.name, *(cells.get((one.id, level), "") for level in levels)) for one in shown],
        align="l" + "r" * len(levels),
    )


def _carried(one: Utilised) -> str:
    carried = words.rounded(one.requests_per_month)
    return carried if one.usd_per_1000 is None else f"{carried}: {words.amount(one.usd_per_1000)}"


def measured_table(found: CostForecast) -> Table:
    """The distributions that everything rests on; which run, where there are several."""
    several = len(found.runs) > 1
    heads = ("", "answers", "tokens in", "tokens out", "busy seconds", "joules", "right")
    rows = [_measured(one) for one in found.measured]
    return Table(
        id="measured",
        title="What was measured",
        lead="For an answer, discarded drafts included: the mean, and in brackets the median and "
        "the 95th percentile.",
        heads=(*heads, "run") if several else heads,
        rows=rows if several else [row[:-1] for row in rows],
        align="lrrrrrrl" if several else "lrrrrrr",
    )


def _measured(one: MeasuredSide) -> tuple[str, ...]:
    errors = f", {one.errors} failed" if one.errors else ""
    passed = "" if one.escalated is None else f" ({one.escalated:.0%} passed on)"
    return (
        f"{one.kind}: {one.model}{passed}",
        f"{one.asked:,}{errors}",
        _spread(one.input_tokens),
        _spread(one.output_tokens),
        _spread(one.busy_s) if one.here else "elsewhere",
        _spread(one.joules),
        numbers.score(one.right),
        one.run,
    )


def _spread(one: Spread | None) -> str:
    if one is None:
        return numbers.NOT_MEASURED
    return f"{_digits(one.mean)} ({_digits(one.p50)}, {_digits(one.p95)})"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _outcome(found: CostForecast) -> str:
    if found.rival is None:
        return f"what is spent over {words.months(found.months)}"
    return f"what is saved over {words.months(found.months)} against the cheapest cloud"


def assumptions_table(found: CostForecast) -> Table:
    """Everything that was taken for granted."""
    rows = [
        (
            line.title + (f" ({line.name.partition('@')[2]})" if "@" in line.name else ""),
            f"{words.quantity(line.value)} {line.unit}",
            words.spread(line),
            "" if line.moves_usd is None else words.amount(line.moves_usd),
            line.origin,
            line.source,
            line.name,
        )
        for line in found.assumptions
    ]
    return Table(
        id="assumptions",
        title="What was assumed",
        lead="First what is only assumed, and of that what matters most: how far apart "
        f"{_outcome(found)} is at both ends of the spread.",
        heads=("", "value", "may be", "moves", "known how", "source", "name"),
        rows=rows,
        align="lllrlll",
    )
