"""`sprat runs compare`: what changed from one run to another."""

import click

from sprat.cli.context import settings_of
from sprat.cli.reports import Targets, emit, report_options
from sprat.report.history.forms import COMPARED
from sprat.runs.store import Store


@click.command(epilog="Example: sprat runs compare 261122-0703:model latest:model --html c.html")
@click.argument("before", metavar="BEFORE")
@click.argument("now", metavar="NOW")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Score points (0 to 1) that do not count as a change.",
)
@click.option(
    "--significance",
    type=click.FloatRange(0.0001, 0.2),
    default=0.01,
    show_default=True,
    help="One-sided: a change is called one if chance makes it less often.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the resampling.")
@report_options
@click.pass_context
def compare(
    ctx: click.Context,
    before: str,
    now: str,
    margin: float,
    significance: float,
    seed: int,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
) -> None:
    """Compare two runs over the questions that both were asked.

    BEFORE and NOW are studies, RUN, or one model of a study, RUN:ROLE or RUN:MODEL. Shown are the
    scores and which of them moved, seconds, tokens, joules and grades with intervals, and what is
    not the same: weights, provider, machine, settings.
    """
    from sprat.studies.history.compare import compare_runs

    targets = Targets(html_file, markdown_file, json_file)
    targets.check()
    with Store(settings_of(ctx).runs_file) as store:
        compared = compare_runs(
            store, before, now, margin=margin, significance=significance, seed=seed
        )
    emit(compared, COMPARED, targets)
