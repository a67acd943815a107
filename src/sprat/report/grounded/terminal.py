"""Grounded answers on a terminal: what they come to first, then the numbers."""

from typing import TYPE_CHECKING

from sprat.report.grounded import words
from sprat.report.terminal import Page, cells, table_of
from sprat.studies.grounded.result import GroundedEvaluation

if TYPE_CHECKING:
    from rich.console import Console

MOST = 5
"""Failed or wrong answers that are shown; the page has all."""
MAX_CHARS = 200


def print_evaluation(found: GroundedEvaluation, console: "Console") -> None:
    """Write an evaluation to a `rich` console."""
    page = Page(console)
    page.say()
    page.say(words.headline(found), "bold")
    page.say(words.sentence(found))
    page.say()
    _numbers(found, page)
    _paths(found, page)
    _wrong(found, page)
    for warning in found.warnings:
        page.say(f"Note: {warning}", "yellow")


def _numbers(found: GroundedEvaluation, page: Page) -> None:
    heads = (("", "left"), ("", "right"), ("95% interval", "left"), ("n", "right"), ("", "left"))
    table = table_of(page, *heads)
    for place, group in enumerate(words.tables(found)):
        if place:
            table.add_row()
        table.add_row(*cells(page, group.title.upper(), "", "", "", ""))
        for line in group.lines:
            table.add_row(*cells(page, line.label, line.value, line.between, line.n, line.note))
    page.show(table)
    page.say()


def _paths(found: GroundedEvaluation, page: Page) -> None:
    rows = words.path_rows(found)
    if not rows:
        return
    first, *rest = words.PATH_HEADS
    table = table_of(page, (first, "left"), *((name, "right") for name in rest))
    for row in rows:
        table.add_row(*cells(page, *row))
    page.show(table)
    page.say()


def _wrong(found: GroundedEvaluation, page: Page) -> None:
    """The failures and the surest wrong answers: what one would look at first."""
    bad = [one for one in words.worth_a_look(found.answers) if one.error or one.right is False]
    if not bad:
        return
    page.say(f"Wrong: {len(bad)}" + (f", of which {MOST}" if len(bad) > MOST else ""), "bold")
    for answer in bad[:MOST]:
        gold = " / ".join(answer.answers) or "the documents do not say"
        given = answer.error or answer.text or "(empty)"
        page.say(f"{answer.id}: {answer.question[:MAX_CHARS]}")
        page.say(f"  gold   {gold[:MAX_CHARS]}", "dim")
        page.say(f"  given  {' '.join(given.split())[:MAX_CHARS]}", "dim")
    page.say()
