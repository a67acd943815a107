"""`sprat runs`: what was recorded; any report again, with no model present."""

from typing import TYPE_CHECKING

import click
import msgspec

from sprat.cli.bench.reports import BenchTargets, bench_only_options
from sprat.cli.bench.reports import emit as emit_bench
from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_json
from sprat.cli.reports import Targets, emit, report_options
from sprat.cli.runs_compare import compare
from sprat.cli.runs_history import history
from sprat.errors import UsageError
from sprat.report.forms import Form, form_of
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, StudyLine
from sprat.studies.bench.plan import KIND as BENCH
from sprat.studies.evaluation.plan import KIND as EVALUATED
from sprat.studies.grounded.plan import KIND as GROUNDED
from sprat.studies.judging.plan import KIND as JUDGED

if TYPE_CHECKING:
    from sprat.studies.hybrid.recorded import Recorded

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
@bench_only_options
@click.pass_context
def report(
    ctx: click.Context,
    study_id: str,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
    csv_file: str | None,
    aiperf_folder: str | None,
) -> None:
    """Make the report of a study again; no model is loaded."""
    targets = Targets(html_file, markdown_file, json_file)
    targets.check()
    bench = BenchTargets(json=json_file, csv=csv_file, html=html_file, aiperf=aiperf_folder)
    bench.check()
    with Store(settings_of(ctx).runs_file) as store:
        study = store.find(study_id)
        kind = store.study(study).kind
        form = form_of(kind)
        if kind != BENCH:
            _refuse(study, form, csv=csv_file, aiperf=aiperf_folder)
        if form.markdown is None:
            _refuse(study, form, markdown=markdown_file)
        result = form.read(store, study)
    if kind == BENCH:
        emit_bench(result, bench)
    else:
        emit(result, form, targets)


@runs.command(epilog="Example: sprat runs export latest --out outcomes.jsonl.gz")
@click.argument("sources", metavar="ID|LOG...", nargs=-1, required=True)
@click.option("--out", metavar="FILE", required=True, help="The log to write, a .jsonl.gz file.")
@click.pass_context
def export(ctx: click.Context, sources: tuple[str, ...], out: str) -> None:
    """Write the outcomes of comparisons as one compact log, for calibrate and policy evaluate.

    Per question and model: answer, score, tokens, seconds, cost, and what tells how sure the model
    was, if the study kept log-probabilities (sprat compare --logprobs). Not the questions.
    """
    from pathlib import Path

    from sprat.policies.outcomes import write_log
    from sprat.studies.hybrid.recorded import SUFFIX, is_log, recorded

    check_target(out)
    if not out.endswith(SUFFIX):
        raise UsageError(f"{out} does not end in {SUFFIX}.", fix=f"Try: --out outcomes{SUFFIX}")
    if all(is_log(source) for source in sources):
        found = recorded(sources, None)
    else:
        with Store(settings_of(ctx).runs_file) as store:
            found = recorded(sources, store)
    write_log(found.log, Path(out))
    size = Path(out).stat().st_size
    click.echo(f"Written: {out}, {said_of(found)}, {size / 1000:.0f} kB")


runs.add_command(compare)
runs.add_command(history)


def said_of(found: "Recorded") -> str:
    """What a log holds, in a few words."""
    outcomes = found.log.outcomes
    models = ", ".join(dict.fromkeys(outcome.model for outcome in outcomes))
    bare = sum(outcome.tokens is None for outcome in outcomes)
    without = f" ({bare} without log-probabilities)" if bare else ""
    n = len({outcome.question for outcome in outcomes})
    return f"{len(outcomes)} answers{without} to {n} questions by {models}"


def _refuse(study: str, form: Form, **files: str | None) -> None:
    """What one kind of study can be written as, another may not."""
    for name, target in files.items():
        if target:
            raise UsageError(f"{study} is {form.what}, which has no --{name}.", fix="Leave it out.")


def _print_lines(lines: list[StudyLine]) -> None:
    named = [_models(line) for line in lines]
    width = max(map(len, named), default=0)
    for line, models in zip(lines, named, strict=True):
        judged = line.kind == EVALUATED and len(line.models) > 1
        total = _of_all(line.kind, line.n_questions * len(line.models))
        asked = f"{line.answers}{' answers and opinions' if judged else total}"
        parts = (line.id, f"{line.status:<7}", f"{models:<{width}}", line.questions_name, asked)
        click.echo("  ".join(parts))


def _models(line: StudyLine) -> str:
    words = {BENCH: " beside ", GROUNDED: " judged by "}
    if line.kind == EVALUATED:  # by role, so the judge, if there is one, stands first
        return " judged by ".join(reversed(line.models))
    return words.get(line.kind, " against ").join(line.models)


def _of_all(kind: str, total: int) -> str:
    """How many answers there are to be; a benchmark asks until it knows enough."""
    if kind == GROUNDED:  # how much there is to judge is known when it is answered
        return " answers"
    if kind == JUDGED:  # each answer in each dimension, twice
        return " opinions"
    return " requests" if kind == BENCH else f"/{total} answers"


def _print_study(study: Study, answers: int) -> None:
    rows = [
        ("study", f"{study.id} ({study.kind})"),
        ("created", study.created),
        ("status", f"{study.status}{f': {study.note}' if study.note else ''}"),
        *_asked(study, answers),
        *((name, str(value)) for name, value in study.settings.items()),
    ]
    for name, value in rows:
        click.echo(f"{name:<13} {value}")
    if study.status != "done":
        click.echo(f"Go on with: {form_of(study.kind).command} --resume {study.id}")


def _asked(study: Study, answers: int) -> list[tuple[str, str]]:
    n = len(study.questions)
    if study.kind == BENCH:
        rows = [(f"row {place}", question.id) for place, question in enumerate(study.questions, 1)]
        return [("requests", str(answers)), *rows]
    judged = any(model.role == JUDGE for model in study.models)
    total = "" if judged or study.kind == GROUNDED else f" of {n * len(study.models)}"
    if judged and study.kind == EVALUATED:
        total = " with the judge's opinions"
    return [
        ("answers", f"{answers}{total}"),
        ("questions", f"{study.questions_name}, {n} (sha256 {study.questions_sha256[:12]})"),
        *((f"{model.role} model", model.name) for model in study.models),
    ]
