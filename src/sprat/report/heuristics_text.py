"""The evaluation table on a terminal and as Markdown."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sprat.report import heuristics as words
from sprat.report.markdown import cell, table_of
from sprat.report.terminal import Page
from sprat.report.terminal import table_of as terminal_table
from sprat.studies.heuristics import Heuristics

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def print_heuristics(table: Heuristics, console: "Console") -> None:
    """Write the table to a `rich` console; fits 100 columns for two or three models."""
    page = Page(console)
    names, marks = words.names(table), words.numbered(table)
    grid = terminal_table(page, ("", "left"), *((name, "left") for name in names))
    for number, line in enumerate(words.lines(table)):
        if number:
            grid.add_section() if page.ascii else grid.add_row()
        label = words.Shown(main=line.label, more=(line.note,))
        grid.add_row(_text(page, label, marks), *(_text(page, one, marks) for one in line.cells))
    page.say()
    page.show(grid)
    page.say()
    for line in words.lines(table):
        if line.observation:
            page.say(f"{line.label}: {line.observation}.")
    for note in words.footnotes(table):
        page.say(f"Note: {note}", "dim")
    for run in table.runs:
        asked = f"{', '.join(run.models)}; {run.n} question{'' if run.n == 1 else 's'}"
        page.say(f"[{marks[run.run]}] sprat runs report {run.run} ({asked})")
        for warning in run.warnings:
            page.say(f"    {warning}", "yellow")


def _text(page: Page, shown: words.Shown, marks: Mapping[str, int]) -> "Text":
    from rich.text import Text

    text = Text(page.words(shown.main), "dim" if shown.missing else "bold")
    if shown.run:
        text.append(f" [{marks[shown.run]}]", "dim")
    for more in shown.more:
        text.append(f"\n{page.words(more)}", "dim")
    return text


def markdown(table: Heuristics) -> str:
    """The table, its rules and its evidence as GitHub-flavoured Markdown."""
    marks = words.numbered(table)
    head = ("", *words.names(table), "observation")
    rows = [
        (line.label, *(_joined(shown, marks) for shown in line.cells), line.observation)
        for line in words.lines(table)
    ]
    parts = [
        "## Evaluation heuristics, measured",
        table_of(head, rows, "l" * len(head)),
        "\n".join(f"- {cell(note)}" for note in words.footnotes(table)),
        "\n".join(
            f"{marks[run.run]}. Evidence: `sprat runs report {run.run}` ({run.created}, "
            f"questions: {run.n} from `{run.questions}`; {cell(run.machine)}). "
            f"{cell(' '.join(run.warnings))}".rstrip()
            for run in table.runs
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _joined(shown: words.Shown, marks: Mapping[str, int]) -> str:
    more = "; ".join(shown.more)
    return f"{shown.main}{f' ({more})' if more else ''} [{marks[shown.run]}]"
