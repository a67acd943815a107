"""The brief on a terminal: what to decide by; the evidence is in the page and in the JSON."""

from typing import TYPE_CHECKING

from sprat.report.brief import money, words
from sprat.report.terminal import COLOURS, Page, cells, table_of
from sprat.studies.brief.result import Brief

if TYPE_CHECKING:
    from rich.console import Console


def print_brief(brief: Brief, console: "Console") -> None:
    """Write the brief to a `rich` console; fits 100 columns."""
    page = Page(console)
    head, tone = words.decision(brief)
    page.say()
    page.say(brief.title, "bold")
    page.say(f"{head}. {brief.headline.said.text}", COLOURS[tone])
    page.say()
    page.say(f"Recommended: {brief.advice.head}.", COLOURS[words.advice_tone(brief)])
    for said in brief.advice.why:
        page.say(said.text)
    page.say()
    _figures(brief, page)
    _kinds(brief, page)
    _numbered("The risks, the heaviest first", [risk.text for risk in brief.risks], page)
    _cost(brief, page)
    _numbered("What to do next", [f"{s.why}: {s.command}" for s in brief.steps], page)
    for line in brief.ignored:
        page.say(f"Note: {line}", "yellow")
    n = len(brief.evidence)
    page.say(f"{n} pieces of evidence stand in --html, --markdown, --json and --pdf.", "dim")


def _figures(brief: Brief, page: Page) -> None:
    table = table_of(
        page, ("", "left"), *((line.name, "left") for line in words.shown_models(brief))
    )
    for row in words.rows(brief):
        written = [f"{one.main} {one.more}".strip() for one in row.cells]
        table.add_row(*cells(page, row.label, *written))
    page.show(table)
    page.say()
    for said in brief.also:
        page.say(said.text)
    if brief.also:
        page.say()


def _kinds(brief: Brief, page: Page) -> None:
    if not brief.kinds:
        return
    table = table_of(
        page, ("kind", "left"), ("n", "right"), (brief.headline.small, "right"),
        (brief.headline.large, "right"), ("", "left"),
    )  # fmt: skip
    for row in words.kind_rows(brief):
        table.add_row(*cells(page, *row))
    page.show(table)
    if note := words.kinds_note(brief):
        page.say(note, "dim")
    page.say()


def _cost(brief: Brief, page: Page) -> None:
    page.say("The cost", "bold")
    if found := money.option_rows(brief):
        first, *rest = money.option_columns(brief)
        table = table_of(page, (first, "left"), *((name, "right") for name in rest))
        for row in found:
            table.add_row(*cells(page, *row))
        page.show(table)
    for said in money.sentences(brief):
        page.say(said.text)
    page.say()


def _numbered(head: str, lines: list[str], page: Page) -> None:
    if not lines:
        return
    page.say(head, "bold")
    for number, line in enumerate(lines, 1):
        page.say(f"{number}. {line}")
    page.say()
