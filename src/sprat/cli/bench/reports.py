"""A benchmark, written wherever the user asked for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from sprat.cli.output import CannotWrite, check_target, write_json, write_text
from sprat.cli.reports import print_tables
from sprat.errors import UsageError
from sprat.report.forms import form_of
from sprat.studies.bench.result import BenchResult

Command = Callable[..., Any]
KINDS = (
    ("json", "the result as JSON; - for standard output"),
    ("html", "the report as one self-contained page"),
)


class BenchTargets(msgspec.Struct, frozen=True, kw_only=True):
    """Files to write; None: not wanted; `-` is standard output."""

    json: str | None = None
    csv: str | None = None
    html: str | None = None
    aiperf: str | None = None
    """A folder, for AIPerf's own files."""

    def check(self) -> None:
        """Refuse what cannot be written before the work, not after.

        Raises:
            UsageError: a file that cannot be written, a folder that cannot be made, or two results
                for one place.
        """
        seen: set[str] = set()
        for target in (self.json, self.csv, self.html):
            check_target(target)
            if target in seen:
                place = "Standard output" if target == "-" else target
                raise UsageError(f"{place} can take one result only.", fix="Name a file for each.")
            seen.update([target] if target else [])
        if self.aiperf is not None:
            _check_folder(self.aiperf)


def bench_report_options(command: Command) -> Command:
    """`--json`, `--html`, `--csv` and `--aiperf`."""
    command = bench_only_options(command)
    for name, what in reversed(KINDS):
        option = click.option(f"--{name}", f"{name}_file", metavar="FILE", help=f"Write {what}.")
        command = option(command)
    return command


def bench_only_options(command: Command) -> Command:
    """`--csv` and `--aiperf`: what no other kind of study is written as."""
    rows = "Write one row per request of a benchmark; - for standard output."
    folders = "Write a benchmark as AIPerf's own tools read it, one folder per row, below DIR."
    command = click.option("--aiperf", "aiperf_folder", metavar="DIR", help=folders)(command)
    return click.option("--csv", "csv_file", metavar="FILE", help=rows)(command)


def emit(result: BenchResult, targets: BenchTargets) -> None:
    """Write every file that was asked for, and the tables unless standard output is taken.

    The tables come first: a full disk takes the files, not the figures.

    Raises:
        CannotWrite: a file cannot be written.
    """
    if "-" not in {targets.json, targets.csv, targets.html}:
        print_tables(result, form_of("bench"))
    if targets.json:
        write_json(result, targets.json)
    if targets.csv:
        from sprat.report.bench import csv

        write_text(csv.render(result), targets.csv)
    if targets.html:
        from sprat.report.bench import html

        write_text(html.render(result), targets.html)
    if targets.aiperf:
        _write_folders(result, targets.aiperf)
    for target in (targets.json, targets.csv, targets.html, targets.aiperf):
        if target and target != "-":
            click.echo(f"Written: {target}", err=True)


def _check_folder(target: str) -> None:
    """What is there of the path must be a folder; the rest is made later.

    Raises:
        UsageError: it is empty, or a file stands in its way.
    """
    if not target:
        raise UsageError("--aiperf is empty.", fix="Name a folder.")
    path = Path(target).absolute()
    there = next(place for place in (path, *path.parents) if place.exists())
    if not there.is_dir():
        raise UsageError(f"{there} is no folder.", fix="Name another folder for --aiperf.")


def _write_folders(result: BenchResult, target: str) -> None:
    from sprat.report.bench import aiperf

    for folder, texts in aiperf.render(result).items():
        place = Path(target) / folder
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(
                f"{place} cannot be made: {error.strerror}.", fix="Name another folder."
            ) from error
        for name, text in texts.items():
            write_text(text, str(place / name))
