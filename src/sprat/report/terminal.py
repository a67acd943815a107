"""The comparison on a terminal: the verdict first, then the numbers; fits 80 to 100 columns."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sprat.report import facts, numbers
from sprat.report.rows import PATH_COLUMNS, key_rows, kind_cells, path_cells, policies
from sprat.studies.comparison import Comparison, PathSummary

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

WIDTH = 100
MAX_TEXTS = 3
MAX_TEXT_CHARS = 1200
COLOURS: dict[facts.Tone, str] = {"good": "bold green", "bad": "bold red", "open": "bold yellow"}
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but the line break, and those that turn the writing direction."""
ASCII = str.maketrans({
    "−": "-",  # noqa: RUF001 - what is being replaced
    "–": "-",  # noqa: RUF001 - what is being replaced
    "×": "x",  # noqa: RUF001 - what is being replaced
    "±": "+/-", "°": " ", "÷": "/", "·": ",", "“": '"', "”": '"', "’": "'", "…": "...",  # noqa: RUF001 - what is being replaced
})  # fmt: skip


def print_comparison(comparison: Comparison, console: "Console") -> None:
    """Write the comparison to a `rich` console. Colour is the console's to decide."""
    page = Page(console)
    _verdict(comparison, page)
    _numbers(comparison, page)
    _paths(comparison, page)
    if comparison.verdict is None:
        _texts(comparison, page)
    else:
        _kinds(comparison, page)
    _warnings(comparison, page)


class Page:
    """A console at most `WIDTH` wide, and plain ASCII where the terminal knows no more."""

    def __init__(self, console: "Console") -> None:
        self.console = console
        self.width = min(WIDTH, console.width)
        self.ascii = console.options.ascii_only

    def words(self, text: str) -> str:
        """The text in characters that this terminal has, and none that would steer it."""
        text = STEERING.sub(" ", text)
        if not self.ascii:
            return text
        return text.translate(ASCII).encode("ascii", "replace").decode("ascii")

    def say(self, text: str = "", style: str = "") -> None:
        """One wrapped paragraph; never read as markup."""
        from rich.text import Text

        self.console.print(Text(self.words(text), style), width=self.width, soft_wrap=False)

    def show(self, thing: "RenderableType") -> None:
        """A table."""
        self.console.print(thing, width=self.width)


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


def table_of(page: Page, *names: tuple[str, str]) -> "Table":
    """An empty table of these columns, each with the side to which it is set."""
    from rich import box
    from rich.table import Table

    shape = box.ASCII2 if page.ascii else box.SIMPLE_HEAD
    table = Table(box=shape, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 1))
    for name, side in names:
        right = side == "right"
        table.add_column(page.words(name), justify="right" if right else "left", overflow="fold")
    return table


def _numbers(comparison: Comparison, page: Page) -> None:
    small, large = (side.summary.name for side in facts.sides(comparison))
    table = table_of(page, ("", "left"), (small, "right"), (large, "right"), ("small is", "left"))
    group = ""
    for row in key_rows(comparison):
        if group and row.group != group:
            table.add_section() if page.ascii else table.add_row()
        group = row.group
        table.add_row(*cells(page, row.label, row.small, row.large, row.compare))
    page.show(table)
    page.say()
    if reason := _energy_reason(comparison):
        page.say(reason, "dim")


def _paths(comparison: Comparison, page: Page) -> None:
    for model in policies(comparison):
        show_paths(model.name, model.paths, page)


def show_paths(name: str, paths: Sequence[PathSummary], page: Page) -> None:
    """A policy's answers by the way they came."""
    page.say(f"{name}, by path", "bold")
    sides = ["left", *["right"] * (len(PATH_COLUMNS) - 1)]
    table = table_of(page, *zip(PATH_COLUMNS, sides, strict=True))
    for path in paths:
        table.add_row(*cells(page, *path_cells(path)))
    page.show(table)
    page.say()


def _energy_reason(comparison: Comparison) -> str:
    reasons = {
        model.energy_source for model in comparison.models if model.energy_joules is None
    } - {None}
    why = [str(reason).removeprefix("unavailable: ") for reason in reasons]
    return f"Energy is not measured: {'; '.join(sorted(why))}" if why else ""


def cells(page: Page, *words: str) -> list["RenderableType"]:
    """One row: each word in characters that the terminal has, what is missing dimmed."""
    from rich.text import Text

    dim = numbers.NOT_MEASURED
    return [Text(page.words(word), "dim" if word == dim else "") for word in words]


def _kinds(comparison: Comparison, page: Page) -> None:
    if not comparison.kinds:
        return
    table = table_of(
        page, ("kind", "left"), ("n", "right"), ("small", "right"), ("large", "right"),
        ("difference, points", "right"), ("interval", "right"),
    )  # fmt: skip
    for kind in comparison.kinds:
        table.add_row(*cells(page, *kind_cells(kind)))
    page.show(table)
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
