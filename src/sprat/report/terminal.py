"""The comparison on a terminal: the verdict first, then the numbers; fits 80 to 100 columns."""

from typing import TYPE_CHECKING

from sprat.report import facts
from sprat.report.console import Page, cells, table
from sprat.report.rows import key_rows, kind_cells
from sprat.studies.comparison import Comparison

if TYPE_CHECKING:
    from rich.console import Console

MAX_TEXTS = 3
MAX_TEXT_CHARS = 1200
COLOURS: dict[facts.Tone, str] = {"good": "bold green", "bad": "bold red", "open": "bold yellow"}


def print_comparison(comparison: Comparison, console: "Console") -> None:
    """Write the comparison to a `rich` console. Colour is the console's to decide."""
    page = Page(console)
    _verdict(comparison, page)
    _numbers(comparison, page)
    if comparison.verdict is None:
        _texts(comparison, page)
    else:
        _kinds(comparison, page)
    _warnings(comparison, page)


def _verdict(comparison: Comparison, page: Page) -> None:
    head, tone = facts.headline(comparison)
    small, large = (side.summary.name for side in facts.sides(comparison))
    page.say()
    page.say(f"{head}: {small} beside {large}", COLOURS[tone])
    page.say(facts.sentence(comparison))
    if step := facts.next_step(comparison.verdict):
        page.say(step)
    if not comparison.complete:
        page.say("Not complete: some questions are still unasked.", "yellow")
    page.say()


def _numbers(comparison: Comparison, page: Page) -> None:
    small, large = (side.summary.name for side in facts.sides(comparison))
    shown = table(page, ("", "left"), (small, "right"), (large, "right"), ("small is", "left"))
    group = ""
    for row in key_rows(comparison):
        if group and row.group != group:
            shown.add_section() if page.ascii else shown.add_row()
        group = row.group
        shown.add_row(*cells(page, row.label, row.small, row.large, row.compare))
    page.show(shown)
    page.say()
    if reason := _energy_reason(comparison):
        page.say(reason, "dim")


def _energy_reason(comparison: Comparison) -> str:
    reasons = {
        model.energy_source for model in comparison.models if model.energy_joules is None
    } - {None}
    why = [str(reason).removeprefix("unavailable: ") for reason in reasons]
    return f"Energy is not measured: {'; '.join(sorted(why))}" if why else ""


def _kinds(comparison: Comparison, page: Page) -> None:
    if not comparison.kinds:
        return
    shown = table(
        page, ("kind", "left"), ("n", "right"), ("small", "right"), ("large", "right"),
        ("difference, points", "right"), ("interval", "right"),
    )  # fmt: skip
    for kind in comparison.kinds:
        shown.add_row(*cells(page, *kind_cells(kind)))
    page.show(shown)
    page.say()


def _texts(comparison: Comparison, page: Page) -> None:
    """Without a verdict the texts themselves are the result."""
    for pair in facts.pairs(comparison)[:MAX_TEXTS]:
        for side, answer in zip(facts.sides(comparison), (pair.small, pair.large), strict=True):
            page.say(side.summary.name, "bold")
            text = "(not asked)" if answer is None else answer.error or answer.text or "(empty)"
            page.say(text[:MAX_TEXT_CHARS] + ("…" if len(text) > MAX_TEXT_CHARS else ""))
            page.say()


def _warnings(comparison: Comparison, page: Page) -> None:
    for warning in comparison.warnings:
        page.say(f"Note: {warning}", "yellow")
