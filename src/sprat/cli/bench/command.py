"""`sprat bench`: speed under named conditions."""

import asyncio
from typing import Any

import click

from sprat.cli.bench.options import plan_options
from sprat.cli.bench.plan import Wanted, fresh_plan, resumed_plan
from sprat.cli.bench.reports import BenchTargets, bench_report_options, emit
from sprat.cli.context import settings_of
from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.bench.opened import ask_sides, open_sides
from sprat.studies.bench.plan import KIND, BenchPlan, plan_of
from sprat.studies.bench.summary import summarise

EPILOG = "Example: sprat bench smollm2-135m --concurrency 1,2,4 --budget 60s --html bench.html"


@click.command(epilog=EPILOG)
@click.argument("models", nargs=-1, metavar="[MODEL]…")
@plan_options
@click.option(
    "--resume",
    metavar="[ID]",
    is_flag=False,
    flag_value="latest",
    help="Go on with an interrupted benchmark: the latest one, or ID.",
)
@bench_report_options
@click.pass_context
def bench(
    ctx: click.Context,
    resume: str | None,
    json_file: str | None,
    csv_file: str | None,
    html_file: str | None,
    aiperf_folder: str | None,
    **options: Any,  # noqa: ANN401 (click's own, named and typed by `Wanted`)
) -> None:
    """Measure how fast models answer: first token, tokens, whole answers, each with its interval.

    Without a MODEL, those of BENCH_MODELS, else the small one. Every row (a condition, a length, a
    load) is asked in rounds, models in turns, until its medians are known well enough or the
    budget ends. Every whole round is kept, so a benchmark that was stopped goes on with --resume.
    """
    targets = BenchTargets(json=json_file, csv=csv_file, html=html_file, aiperf=aiperf_folder)
    targets.check()
    wanted, settings = Wanted(**options), settings_of(ctx)
    fresh = fresh_plan(wanted, settings) if resume is None else None
    with Store(settings.runs_file, create=resume is None) as store:
        begun = _study_to_resume(store, resume) if resume else None
        plan = fresh or resumed_plan(wanted, plan_of(store.study(begun or "")))
        study = _run(plan, settings, store, begun)
        result = summarise(store, study)
    try:
        emit(result, targets)
    finally:  # a full disk or a closed pipe takes the report, not the study
        click.echo(f"Recorded. See it again with: sprat runs report {study}", err=True)


def _study_to_resume(store: Store, wanted: str) -> str:
    lines = (line for line in store.studies() if line.kind == KIND and line.status != "done")
    study = next((line.id for line in lines), None) if wanted == "latest" else store.find(wanted)
    if study is None:
        raise RunError("No benchmark is unfinished.", fix="See: sprat runs list")
    return study


def _run(plan: BenchPlan, settings: Settings, store: Store, resume: str | None) -> str:
    """Ask what is to be asked, in sight of the user.

    Raises:
        SystemExit: Ctrl-C (130), after saying how to go on.
    """
    from sprat.cli.bench.live import Live
    from sprat.cli.progress import progress_bar

    live = Live()
    try:
        with progress_bar() as fetching:
            opened = open_sides(plan, settings, fetching)
        with live:
            return asyncio.run(ask_sides(plan, opened, store, resume=resume, progress=live.show))
    except KeyboardInterrupt as stop:
        study = live.study or resume
        hint = f"Go on with: sprat bench --resume {study}" if study else "Nothing was asked yet."
        click.echo(f"Stopped. Every whole round is kept. {hint}", err=True)
        raise SystemExit(130) from stop
