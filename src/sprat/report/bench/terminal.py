"""A benchmark on a terminal: one table per condition, sides under one another."""

from typing import TYPE_CHECKING

from sprat.report import numbers
from sprat.report.bench import facts
from sprat.report.terminal import Page, cells, show_paths, table_of
from sprat.studies.bench.result import BenchResult, Cell, SideSummary

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

ANY = 10_000
"""A width in which everything has room: to ask how little it needs."""


def print_bench(result: BenchResult, console: "Console") -> None:
    """Write the benchmark to a `rich` console. Colour is the console's to decide."""
    page = Page(console)
    page.say()
    page.say(facts.title(result), "bold")
    page.say(facts.headline(result))
    for reason in result.degraded:
        page.say(f"Degraded: {reason}", "bold red")
    page.say()
    for group in facts.groups(result):
        page.say(f"{group.name}. {group.why}")
        _times(group, result, page)
        _phases(group, result, page)
    _sides(result, page)
    for side in facts.policies(result):
        show_paths(side.name, side.paths, page)
    for gap in result.unmeasured:
        what = f"{gap.side}, {gap.condition}" if gap.condition else gap.side
        page.say(f"Not measured: {what}: {gap.why}", "yellow")
    for warning in result.warnings:
        page.say(f"Note: {warning}", "yellow")


def _times(group: facts.Group, result: BenchResult, page: Page) -> None:
    """A row is its lengths and load; where there are several sides, those stand above them."""
    several = len(facts.measured(result)) > 1
    names = ["first token", "per token", "answer", "p95", "tokens/s"]
    names += ["answer ×"] if several else []  # noqa: RUF001 - a times sign
    shown = table_of(page, ("tokens, load", "left"), *((name, "right") for name in names))
    for cell in group.cells:
        what = f"{facts.lengths(cell)}, {facts.load(cell)}"
        if several and cell.against is None:
            shown.add_row(*cells(page, what))
        figures = _figures(cell, several=several)
        shown.add_row(*cells(page, f"  {cell.side}" if several else what, *figures))
    _keep_names_whole(shown, page)
    page.show(shown)
    page.say()


def _keep_names_whole(table: "Table", page: Page) -> None:
    """Where there is too little room, figures go on in a second line before a name does."""
    from rich.measure import Measurement

    table.collapse_padding = True
    wide = page.console.options.update(width=ANY)
    names = table.columns[0]
    widths = [Measurement.get(page.console, wide, cell).maximum for cell in names.cells]
    names.min_width, names.no_wrap = max(widths, default=0), True
    if Measurement.get(page.console, wide, table).minimum > page.width:
        names.min_width, names.no_wrap = None, False


def _figures(cell: Cell, *, several: bool) -> list[str]:
    ratio = facts.ratio_of(cell, "answer_s")
    return [
        facts.figure(cell.ttft_s),
        facts.figure(cell.inter_token_s, "ms"),
        facts.figure(cell.answer_s),
        facts.p95(cell.answer_s),
        facts.estimate(cell.tokens_per_s),
        *([facts.short_ratio(ratio)] if several else []),
    ]


def _phases(group: facts.Group, result: BenchResult, page: Page) -> None:
    """Where the time of a mean answer goes."""
    several = len(facts.measured(result)) > 1
    phases = [(field, name) for field, name, _ in facts.seen_phases(group.cells)]
    shown = table_of(
        page,
        ("of a mean answer", "left"),
        *([("", "left")] if several else []),
        *((name.lower(), "right") for _, name in phases),
    )
    for cell in group.cells:
        times = [facts.milliseconds(getattr(cell.phases, field)) for field, _ in phases]
        own = [cell.side] if several else []
        shown.add_row(*cells(page, f"{facts.lengths(cell)} {facts.load(cell)}", *own, *times))
    page.show(shown)
    page.say()


def _sides(result: BenchResult, page: Page) -> None:
    priced = facts.priced(result)
    names = ("model", "cold load", "peak memory", "energy per token", "requests", "failed")
    names += ("cost per answer",) if priced else ()
    shown = table_of(
        page, *((name, "right" if place else "left") for place, name in enumerate(names))
    )
    for side in facts.measured(result):
        cost = (numbers.dollars(side.cost_usd_per_answer),) if priced else ()
        shown.add_row(*cells(page, *_side(side), *cost))
    page.show(shown)
    page.say()
    if reason := facts.energy_reason(result):
        page.say(reason, "dim")


def _side(side: SideSummary) -> tuple[str, ...]:
    return (
        side.name,
        numbers.seconds(side.cold_load_s.p50 if side.cold_load_s else None),
        numbers.size(side.peak_rss_bytes),
        numbers.joules(side.energy.joules_per_token),
        numbers.count(side.requests),
        str(side.errors) if side.errors else "",
    )
