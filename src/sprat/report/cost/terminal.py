"""A forecast of costs on a terminal."""

from typing import TYPE_CHECKING

from sprat.cost.result import CostForecast
from sprat.report.cost import words
from sprat.report.cost.swings import SWING_HEADS, swing_rows, swings_by_option
from sprat.report.cost.tables import Table, tables_of
from sprat.report.terminal import COLOURS, Page, cells, table_of

if TYPE_CHECKING:
    from rich.console import Console

ELSEWHERE = {"source", "name", "run", "per 1,000 right", "time busy", "known how"}
"""Columns that a terminal has no room for: the page, Markdown and JSON have them."""


def print_forecast(found: CostForecast, console: "Console") -> None:
    """Write a forecast to a `rich` console."""
    page = Page(console)
    head, tone = words.headline(found)
    page.say()
    page.say(head, COLOURS[tone])
    page.say(words.sentence(found))
    page.say()
    _asked(found, page)
    for table in tables_of(found):
        _show(table, page)
        if table.id == "parts":
            _swings(found, page)
    for note in found.warnings:
        page.say(f"Note: {note}", "yellow")


def _asked(found: CostForecast, page: Page) -> None:
    if not found.asked:
        return
    page.say(
        "Say these, in a file (sprat cost --write-assumptions cost.toml) or with --set:", "bold"
    )
    for line in words.to_say(found):
        page.say(f"  {line}")
    page.say()


def _show(table: Table, page: Page) -> None:
    keep = [place for place, head in enumerate(table.heads) if head not in ELSEWHERE]
    page.say(table.title, "bold")
    sides = ["right" if table.align[place] == "r" else "left" for place in keep]
    grid = table_of(page, *zip([table.heads[place] for place in keep], sides, strict=True))
    for row in table.rows:
        grid.add_row(*cells(page, *(row[place] for place in keep)))
    page.show(grid)
    page.say()


def _swings(found: CostForecast, page: Page) -> None:
    for option, swings in swings_by_option(found):
        rows = swing_rows(found, swings)
        _show(
            Table(id="", title=f"What moves {option.name} most", lead="", heads=SWING_HEADS,
                  rows=rows, align="lrrrr"),
            page,
        )  # fmt: skip
