"""Two runs beside each other on a terminal, and as Markdown."""

from typing import TYPE_CHECKING

from sprat.report.history import compare_rows as rows
from sprat.report.markdown import cell
from sprat.report.markdown import table_of as markdown_table
from sprat.report.terminal import COLOURS, Page, table_of
from sprat.studies.history.compare import RunComparison

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN = 12


def print_comparison(compared: RunComparison, console: "Console") -> None:
    """The decision first, then what moved, then the figures, then what may be behind it."""
    page = Page(console)
    head, tone = rows.HEADS[compared.change.decision]
    page.say()
    page.say(head, COLOURS[tone])
    page.say(compared.change.why)
    if words := rows.difference_words(compared):
        page.say(words, "dim")
    page.say()
    _show(page, rows.SIDES, rows.side_rows(compared), "lrr")
    if moved := rows.moved_rows(compared, MOST_SHOWN):
        page.say("Scores that moved", "bold")
        _show(page, rows.MOVED, moved, "llrr")
        if more := len(compared.change.moved) - len(moved):
            page.say(f"{more} more: --html or --json has them all.", "dim")
            page.say()
    _show(page, rows.MEASURES, rows.measure_rows(compared), "lrrrrr")
    if grades := rows.grade_rows(compared):
        _show(page, rows.GRADES, grades, "llrrrrr")
    _lists(page, compared)


def _lists(page: Page, compared: RunComparison) -> None:
    if compared.change.differs:
        page.say("What is not the same", "bold")
        for line in compared.change.differs:
            page.say(f"- {line}")
        page.say()
    if left := rows.left_out(compared):
        page.say(f"Left out: {', '.join(left)}.", "dim")
    for warning in compared.warnings:
        page.say(f"Note: {warning}", "yellow")


def _show(page: Page, names: rows.Row, lines: list[rows.Row], align: str) -> None:
    sides = ["right" if one == "r" else "left" for one in align]
    table = table_of(page, *zip(names, sides, strict=True))
    for line in lines:
        table.add_row(*(page.words(text) for text in line))
    page.show(table)
    page.say()


def markdown(compared: RunComparison) -> str:
    """The same for a pull request; every question that moved."""
    change = compared.change
    head, _ = rows.HEADS[change.decision]
    parts = [
        f"## {head}: {cell(change.before.model)}, before and now"
        if change.before.model == change.now.model
        else f"## {head}: {cell(change.before.model)}, then {cell(change.now.model)}",
        cell(change.why),
        rows.difference_words(compared),
        markdown_table(rows.SIDES, rows.side_rows(compared), "lrr"),
        _titled("Scores that moved", rows.MOVED, rows.moved_rows(compared, 200), "llrr"),
        markdown_table(rows.MEASURES, rows.measure_rows(compared), "lrrrrr"),
        _titled("Grades by the rubric", rows.GRADES, rows.grade_rows(compared), "llrrrrr"),
        _bullets("What is not the same", change.differs),
        f"Left out: {', '.join(left)}." if (left := rows.left_out(compared)) else "",
        *(f"> **Note:** {cell(warning)}" for warning in compared.warnings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _titled(title: str, names: rows.Row, lines: list[rows.Row], align: str) -> str:
    return f"### {title}\n\n{markdown_table(names, lines, align)}" if lines else ""


def _bullets(title: str, lines: tuple[str, ...]) -> str:
    return f"### {title}\n\n" + "\n".join(f"- {cell(line)}" for line in lines) if lines else ""
