"""A comparison, written wherever the user asked for it."""

import sys
from collections.abc import Callable
from typing import Any

import click
import msgspec

from sprat.cli.output import check_target, write_json, write_text
from sprat.errors import UsageError
from sprat.studies.comparison import Comparison

Command = Callable[..., Any]


class Targets(msgspec.Struct, frozen=True):
    """Files to write; None: not wanted; `-` for `json` is standard output."""

    html: str | None = None
    markdown: str | None = None
    json: str | None = None

    def check(self) -> None:
        """Refuse what cannot be written before the work, not after.

        Raises:
            UsageError: a file that cannot be written, or two results for one place.
        """
        seen: set[str] = set()
        for target in (self.html, self.markdown, self.json):
            check_target(target)
            if target in seen:
                place = "Standard output" if target == "-" else target
                raise UsageError(f"{place} can take one result only.", fix="Name a file for each.")
            seen.update([target] if target else [])


def report_options(command: Command) -> Command:
    """`--html`, `--markdown` and `--json`, the same on every command that ends in a report."""
    for name, what in (
        ("json", "the result as JSON; - for standard output"),
        ("markdown", "the report as Markdown; - for standard output"),
        ("html", "the report as one self-contained page"),
    ):
        command = click.option(f"--{name}", f"{name}_file", metavar="FILE", help=f"Write {what}.")(
            command
        )
    return command


def emit(comparison: Comparison, targets: Targets) -> None:
    """Write every file that was asked for, and the table unless standard output is taken.

    The table comes first: a full disk takes the files, not the verdict.

    Raises:
        CannotWrite: a file cannot be written.
    """
    if "-" not in (targets.json, targets.markdown, targets.html):
        _print_table(comparison)
    if targets.json:
        write_json(comparison, targets.json)
    if targets.markdown:
        from sprat.report import markdown

        write_text(markdown.render(comparison), targets.markdown)
    if targets.html:
        from sprat.report import html

        write_text(html.render(comparison), targets.html)
    for target in (targets.html, targets.markdown, targets.json):
        if target and target != "-":
            click.echo(f"Written: {target}", err=True)


def _print_table(comparison: Comparison) -> None:
    from rich.console import Console

    from sprat.report.terminal import print_comparison

    # Into a pipe or a file the table keeps one width, whatever the terminal of the day.
    width = None if sys.stdout.isatty() else 100
    print_comparison(comparison, Console(width=width, highlight=False))
