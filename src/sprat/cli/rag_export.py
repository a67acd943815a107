"""`sprat rag export`: what was answered, for other programs to measure."""

import click

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_text
from sprat.runs.store import Store


@click.command(epilog="Example: sprat rag export latest --ragas answers.jsonl")
@click.argument("study_id", metavar="ID")
@click.option(
    "--ragas",
    metavar="FILE",
    required=True,
    help="Write Ragas' dataset, one JSON object a line; - for standard output.",
)
@click.pass_context
def export(ctx: click.Context, study_id: str, ragas: str) -> None:
    """Write the questions, passages and answers of an evaluation in Ragas' dataset format.

    ID is a study's id, the first characters of one, or `latest`. No model is loaded.
    """
    from sprat.studies.grounded.case import cases_of
    from sprat.studies.grounded.plan import plan_of
    from sprat.studies.grounded.ragas import as_jsonl

    check_target(ragas)
    with Store(settings_of(ctx).runs_file) as store:
        study = store.study(store.find(study_id))
        plan_of(study)
        cases = cases_of(study.questions, store.runs(study.id))
    write_text(as_jsonl(cases), ragas)
    if ragas != "-":
        click.echo(f"Written: {ragas}, {len(cases)} samples", err=True)
