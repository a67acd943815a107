"""`sprat runs history`: scores, seconds and joules over time, regressions flagged."""

import click

from sprat.cli.context import settings_of
from sprat.cli.reports import Targets, emit, report_options
from sprat.report.history.forms import OVER_TIME
from sprat.runs.store import Store


@click.command(epilog="Example: sprat runs history smollm2-135m --questions everyday")
@click.argument("model", metavar="[MODEL]", required=False)
@click.option("--questions", metavar="SET", help="Only of this set: its name or fingerprint.")
@click.option(
    "--level",
    type=click.FloatRange(0.0001, 0.2),
    default=0.05,
    show_default=True,
    help="How often chance alone may flag anything in a series.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="Read only the newest N studies.",
)
@report_options
@click.pass_context
def history(
    ctx: click.Context,
    model: str | None,
    questions: str | None,
    level: float,
    limit: int,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
) -> None:
    """Show runs over time, each against the one before it.

    A series is one model name on the same questions. A lower score is called a regression only
    where chance, over all the runs of the series, would hardly make it.
    """
    from sprat.studies.history.series import history_of

    targets = Targets(html_file, markdown_file, json_file)
    targets.check()
    with Store(settings_of(ctx).runs_file) as store:
        found = history_of(store, model, questions, level=level, most=limit)
    emit(found, OVER_TIME, targets)
