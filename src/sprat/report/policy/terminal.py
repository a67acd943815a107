"""A policy on a terminal: what it comes to first, then the numbers; fits 80 to 100 columns."""

from typing import TYPE_CHECKING

from sprat.report.policy import words
from sprat.report.terminal import COLOURS, Page, cells, table_of
from sprat.studies.hybrid.result import Calibrated, Evaluation

if TYPE_CHECKING:
    from rich.console import Console


def print_evaluation(found: Evaluation, console: "Console") -> None:
    """Write an evaluation to a `rich` console."""
    page = Page(console)
    head, tone = words.headline(found)
    page.say()
    page.say(f"{head}: {found.policy} ({found.kind}, {found.mode})", COLOURS[tone])
    page.say(words.sentence(found))
    page.say()
    _paths(found, page)
    _numbers(found, page)
    for warning in found.warnings:
        page.say(f"Note: {warning}", "yellow")


def print_calibrated(found: Calibrated, console: "Console") -> None:
    """Write what a calibration found to a `rich` console: the floor first."""
    page = Page(console)
    page.say()
    page.say(words.floor_sentence(found))
    page.say(words.split_sentence(found))
    if sealed := words.certificate_sentence(found):
        page.say(sealed, COLOURS["good" if found.certificate else "open"])
    for refusal in found.refusals:
        page.say(refusal, COLOURS["bad"])
    print_evaluation(found.evaluation, console)


def _paths(found: Evaluation, page: Page) -> None:
    first, *rest = words.PATH_HEADS
    table = table_of(page, (first, "left"), *((name, "right") for name in rest))
    for row in words.path_rows(found):
        table.add_row(*cells(page, *row))
    page.show(table)
    page.say()


def _numbers(found: Evaluation, page: Page) -> None:
    table = table_of(page, ("", "left"), ("", "right"), ("95% interval", "left"), ("", "left"))
    for line in words.lines(found):
        table.add_row(*cells(page, line.label, line.value, line.between, line.note))
    page.show(table)
    page.say()
