"""A comparison, written wherever the user asked for it."""

import sys
from collections.abc import Callable
from typing import Any

import click
import msgspec

from sprat.cli.output import check_target, write_json, write_text
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
            UsageError: a file that cannot be written.
        """
        for target in (self.html, self.markdown, self.json):
            check_target(target)


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

    Raises:
        UsageError: a file cannot be written.
    """
    if targets.json:
        write_json(comparison, targets.json)
    if targets.markdown:
        from sprat.report import markdown

        write_text(markdown.render(comparison), targets.markdown)
    if targets.html:
        from sprat.report import html

        write_text(html.render(comparison), targets.html)
    if "-" not in (targets.json, targets.markdown, targets.html):
        _print_table(comparison)
    for target in (targets.html, targets.markdown, targets.json):
        if target and target != "-":
            click.echo(f"Written: {target}", err=True)


def _print_table(comparison: Comparison) -> None:
    from rich.console import Console

    from sprat.report.terminal import print_comparison

    # Into a pipe or a file the table keeps one width, whatever the terminal of the day.
    width = None if sys.stdout.isatty() else 100
    print_comparison(comparison, Console(width=width, highlight=False))
