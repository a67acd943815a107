"""`sprat report`: what several recorded studies say together, with no model present."""

import math
import sys

import click

from sprat.cli.context import settings_of
from sprat.cli.output import write_json, write_text
from sprat.cli.report_brief import brief
from sprat.cli.reports import Targets, report_options
from sprat.errors import UsageError
from sprat.runs.store import Store
from sprat.studies.heuristics import Heuristics
from sprat.studies.heuristics import heuristics as measure


@click.group(epilog="Example: sprat report heuristics latest --html heuristics.html")
def report() -> None:
    """Make one report of several recorded studies.

    RUN is a study's id, the first characters of one, or `latest`.
    """


report.add_command(brief)


@report.command(epilog="Example: sprat report heuristics latest --electricity 0.30")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--electricity", type=click.FloatRange(0), metavar="PRICE", help="Price of a kWh, for money."
)
@report_options
@click.pass_context
def heuristics(
    ctx: click.Context,
    runs: tuple[str, ...],
    electricity: float | None,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
) -> None:
    """Show the evaluation table, measured: one column per model.

    Cold latency, memory, context adherence, local cost, best use: each figure with its n and the
    study it was read from.
    """
    targets = Targets(html_file, markdown_file, json_file)
    targets.check()
    if electricity is not None and not math.isfinite(electricity):
        raise UsageError("--electricity is no price.", fix="Try: --electricity 0.30")
    with Store(settings_of(ctx).runs_file) as store:
        table = measure(store, [store.find(run) for run in runs], electricity)
    _emit(table, targets)


def _emit(table: Heuristics, targets: Targets) -> None:
    """Write every file that was asked for, and the table unless standard output is taken."""
    from sprat.report.heuristics import as_json

    if "-" not in (targets.json, targets.markdown, targets.html):
        _print(table)
    if targets.json:
        write_json(as_json(table), targets.json)
    if targets.markdown:
        from sprat.report.heuristics_text import markdown

        write_text(markdown(table), targets.markdown)
    if targets.html:
        from sprat.report.heuristics_page import render

        write_text(render(table), targets.html)
    for target in (targets.html, targets.markdown, targets.json):
        if target and target != "-":
            click.echo(f"Written: {target}", err=True)


def _print(table: Heuristics) -> None:
    from rich.console import Console

    from sprat.report.heuristics_text import print_heuristics

    width = None if sys.stdout.isatty() else 100
    print_heuristics(table, Console(width=width, highlight=False))
