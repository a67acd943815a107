"""A judge's measurement on a terminal: what it comes to first, then the numbers."""

from typing import TYPE_CHECKING

from sprat.report.judging import words
from sprat.report.terminal import Page, cells, table_of
from sprat.studies.judging.result import JudgeMeasure

if TYPE_CHECKING:
    from rich.console import Console

LEFT = {"", "95% interval", "dimension", "go by"}


def print_judge(found: JudgeMeasure, console: "Console") -> None:
    """Write a measurement to a `rich` console."""
    page = Page(console)
    page.say()
    page.say(f"{words.headline(found)}: {found.judge} as a judge", "bold")
    page.say(words.sentence(found))
    page.say(words.how(found))
    page.say()
    _table(page, words.SUMMARY, words.summary_rows(found))
    for name, why in words.reasons(found):
        page.say(f"{name}: {why}")
    page.say()
    for one in found.dimensions:
        page.say(one.name.upper(), "bold")
        _table(page, words.FIGURES, [line.cells for line in words.lines(one)])
    for warning in found.warnings:
        page.say(f"Note: {warning}", "yellow")


def _table(page: Page, names: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = table_of(page, *((name, "left" if name in LEFT else "right") for name in names))
    for row in rows:
        table.add_row(*cells(page, *row))
    page.show(table)
    page.say()
