"""`sprat rag compare`: two recorded evaluations, question by question."""

import math
import sys

import click

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_json
from sprat.errors import UsageError
from sprat.runs.store import Store


@click.command(epilog="Example: sprat rag compare 2611260812 2611260745 --margin 0.05")
@click.argument("first", metavar="ID")
@click.argument("second", metavar="ID")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="How much fewer right answers are still good enough, as a share.",
)
@click.option("--json", "json_file", metavar="FILE", help="Write it as JSON; - for stdout.")
@click.pass_context
def compare(
    ctx: click.Context, first: str, second: str, margin: float, json_file: str | None
) -> None:
    """Say whether the first evaluation is no worse than the second, on the questions of both.

    Small alone beside a hybrid, with a gate beside without, one index beside another. ID is a
    study's id, or the first characters of one. No model is loaded.
    """
    from sprat.studies.grounded.versus import versus

    check_target(json_file)
    if math.isnan(margin):
        raise UsageError("--margin is not a number.", fix="Try: --margin 0.05")
    with Store(settings_of(ctx).runs_file) as store:
        found = versus(store, store.find(first), store.find(second), margin)
    if json_file:
        write_json(found, json_file)
    if json_file != "-":
        from rich.console import Console

        from sprat.report.grounded.versus import print_versus

        # Into a pipe or a file the table keeps one width, whatever the terminal of the day.
        width = None if sys.stdout.isatty() else 100
        print_versus(found, Console(width=width, highlight=False))
