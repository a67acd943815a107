"""`sprat runs`: what was recorded; any report again, with no model present."""

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.output import write_json
from sprat.cli.reports import Targets, emit, report_options
from sprat.runs.store import Store
from sprat.runs.study import Study, StudyLine

JSON_OPTION = click.option(
    "--json", "json_file", metavar="FILE", help="Write it as JSON; - for standard output."
)


@click.group(epilog="Example: sprat runs report latest --html report.html")
def runs() -> None:
    """Look at what was recorded.

    ID is a study's id, the first characters of one, or `latest`.
    """


@runs.command("list", epilog="Example: sprat runs list")
@click.option("--limit", type=click.IntRange(1), help="Only the newest N.")
@JSON_OPTION
@click.pass_context
def list_runs(ctx: click.Context, limit: int | None, json_file: str | None) -> None:
    """List the recorded studies, the newest first."""
    with Store(settings_of(ctx).runs_file) as store:
        lines = store.studies(limit)
    if json_file:
        write_json({"schema": 1, "runs": lines}, json_file)
    if json_file != "-":
        _print_lines(lines)


@runs.command(epilog="Example: sprat runs show latest")
@click.argument("study_id", metavar="ID")
@JSON_OPTION
@click.pass_context
def show(ctx: click.Context, study_id: str, json_file: str | None) -> None:
    """Show what a study asked, of which models, and how it stands."""
    with Store(settings_of(ctx).runs_file) as store:
        study = store.study(store.find(study_id))
        answers = len(store.answered(study.id))
        study = msgspec.structs.replace(study, status=store.standing(study.id, study.status))
    if json_file:
        write_json({"schema": 1, "answers": answers, "study": study}, json_file)
    if json_file != "-":
        _print_study(study, answers)


@runs.command(epilog="Example: sprat runs report latest --html report.html")
@click.argument("study_id", metavar="ID")
@report_options
@click.pass_context
def report(
    ctx: click.Context,
    study_id: str,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
) -> None:
    """Make the report of a study again; no model is loaded."""
    from sprat.studies.summary import summarise

    targets = Targets(html_file, markdown_file, json_file)
    targets.check()
    with Store(settings_of(ctx).runs_file) as store:
        comparison = summarise(store, store.find(study_id))
    emit(comparison, targets)


def _print_lines(lines: list[StudyLine]) -> None:
    width = max((len(" against ".join(line.models)) for line in lines), default=0)
    for line in lines:
        models = " against ".join(line.models)
        asked = f"{line.answers}/{line.n_questions * len(line.models)} answers"
        parts = (line.id, f"{line.status:<7}", f"{models:<{width}}", line.questions_name, asked)
        click.echo("  ".join(parts))


def _print_study(study: Study, answers: int) -> None:
    n = len(study.questions)
    rows = [
        ("study", f"{study.id} ({study.kind})"),
        ("created", study.created),
        ("status", f"{study.status}{f': {study.note}' if study.note else ''}"),
        ("answers", f"{answers} of {n * len(study.models)}"),
        ("questions", f"{study.questions_name}, {n} (sha256 {study.questions_sha256[:12]})"),
        *((f"{model.role} model", model.name) for model in study.models),
        *((name, str(value)) for name, value in study.settings.items()),
    ]
    for name, value in rows:
        click.echo(f"{name:<12} {value}")
    if study.status != "done":
        click.echo(f"Go on with: sprat compare --resume {study.id}")
