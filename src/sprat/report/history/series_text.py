"""Runs over time on a terminal, and as Markdown."""

from typing import TYPE_CHECKING

from sprat.report.history import series_rows as rows
from sprat.report.markdown import cell
from sprat.report.markdown import table_of as markdown_table
from sprat.report.terminal import Page, table_of
from sprat.studies.history.series import History, Point, Series

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STYLES = {"good": "green", "bad": "bold red", "open": "yellow", "off": "dim"}
_FIGURES = 6
"""Columns before the one in words."""
_SIDES = ("left", "right", "right", "right", "right", "right", "left")


def print_history(history: History, console: "Console") -> None:
    """A table per series, the oldest run first."""
    page = Page(console)
    page.say()
    page.say(rows.opening(history), "bold red" if history.regressions else "bold")
    page.say()
    for series in history.series:
        _series(page, series)
    page.say(rows.method(history), "dim")
    if history.left_out:
        page.say(f"{history.left_out} older studies were not read: --limit reads more.", "yellow")


def _series(page: Page, series: Series) -> None:
    """Runs in a table; what changed, in words, below its run: a column would be too narrow."""
    page.say(rows.title_of(series), "bold")
    energy = any(point.joules is not None for point in series.points)
    kept = [at for at in range(_FIGURES) if energy or rows.COLUMNS[at] != "energy"]
    table = table_of(page, *((rows.COLUMNS[at], _SIDES[at]) for at in kept))
    for point in series.points:
        cells = rows.point_cells(point)
        table.add_row(*(page.words(cells[at]) for at in kept))
        for one in (*rows.said_of(point)[0 if point.step else 1 :], *_failed(point)):
            table.add_row(_indented(page, one))
    page.show(table)
    page.say()


def _failed(point: Point) -> list[rows.Said]:
    return [rows.Said(f"{point.errors} failed", "bad")] if point.errors else []


def _indented(page: Page, said: rows.Said) -> "Text":
    from rich.text import Text

    return Text(page.words(f"  {said.words}"), _STYLES[said.tone])


def markdown(history: History) -> str:
    """The same for a pull request."""
    parts = [f"## Runs over time\n\n{rows.opening(history)}"]
    for series in history.series:
        lines = [
            (*rows.point_cells(point), "; ".join(one.words for one in rows.said_of(point)))
            for point in series.points
        ]
        parts.append(f"### {cell(rows.title_of(series))}")
        parts.append(markdown_table(rows.COLUMNS, lines, "lrrrrrl"))
    return "\n\n".join([*parts, rows.method(history)]) + "\n"
