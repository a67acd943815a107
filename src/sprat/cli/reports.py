"""A study's result, written wherever the user asked for it."""

import sys
from collections.abc import Callable
from typing import Any

import click
import msgspec

from sprat.cli.output import check_target, write_json, write_text
from sprat.errors import UsageError
from sprat.report.forms import Form

Command = Callable[..., Any]


class Targets(msgspec.Struct, frozen=True):
    """Files to write; None: not wanted; `-` for `json` is standard output."""

    html: str | None = None
    markdown: str | None = None
    json: str | None = None

    @property
    def all(self) -> tuple[str | None, ...]:
        """Every place that could be written to."""
        return msgspec.structs.astuple(self)

    def check(self) -> None:
        """Refuse what cannot be written before the work, not after.

        Raises:
            UsageError: a file that cannot be written, or two results for one place.
        """
        seen: set[str] = set()
        for target in self.all:
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


def emit(result: object, form: Form, targets: Targets) -> None:
    """Write every file that was asked for, and the tables unless standard output is taken.

    The tables come first: a full disk takes the files, not the verdict.

    Raises:
        CannotWrite: a file cannot be written.
    """
    if "-" not in (targets.json, targets.markdown, targets.html):
        print_tables(result, form)
    if targets.json:
        write_json(result, targets.json)
    if targets.markdown:
        write_text(form.as_markdown(result) or "", targets.markdown)
    if targets.html:
        write_text(form.as_html(result), targets.html)
    for target in (targets.html, targets.markdown, targets.json):
        if target and target != "-":
            click.echo(f"Written: {target}", err=True)


def print_tables(result: object, form: Form) -> None:
    """The tables on standard output."""
    from rich.console import Console

    # Into a pipe or a file the tables keep one width, whatever the terminal of the day.
    width = None if sys.stdout.isatty() else 100
    form.shown(result, Console(width=width, highlight=False))
