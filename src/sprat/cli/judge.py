"""`sprat judge`: what a judge's opinion is worth, before anything is judged by it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.provider import provider_option, with_provider
from sprat.cli.reports import Targets, emit, report_options
from sprat.errors import RunError, UsageError
from sprat.report.forms import form_of
from sprat.runs.store import Store

if TYPE_CHECKING:
    from sprat.settings import Settings
    from sprat.studies.judging.opened import Choice

KIND = "judge"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None: not typed."""

    model: str | None
    answers: str | None
    rubric: str | None
    limit: int | None
    seed: int | None
    max_tokens: int | None


@click.command(epilog="Example: sprat judge qwen2.5-coder-1.5b --html judge.html")
@click.argument("model", required=False)
@click.option("--answers", metavar="FILE", help="Answers that you graded [built in].")
@click.option("--rubric", metavar="FILE", help="What the grades mean [built in].")
@click.option("--limit", type=click.IntRange(1), help="Only N answers, of every question in turn.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Choice and resampling [0].")
@click.option(
    "--max-tokens",
    type=click.IntRange(1, 32_768),
    help="Of an opinion [16]; a model that thinks first needs more.",
)
@click.option(
    "--resume",
    metavar="[ID]",
    is_flag=False,
    flag_value="latest",
    help="Go on with an interrupted measurement: the latest one, or ID.",
)
@provider_option
@report_options
@click.pass_context
def judge(
    ctx: click.Context,
    model: str | None,
    answers: str | None,
    rubric: str | None,
    limit: int | None,
    seed: int | None,
    max_tokens: int | None,
    resume: str | None,
    provider: str | None,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
) -> None:
    """Measure MODEL as a judge, against answers that were graded before, and against a rule.

    It grades each answer in each dimension of the rubric, with the scale shown both ways. Told is
    how far it agrees, how often the order alone changes its mind, and what length and flattery buy.
    """
    wanted = Wanted(
        model=model, answers=answers, rubric=rubric, limit=limit, seed=seed, max_tokens=max_tokens
    )
    targets = Targets(html_file, markdown_file, json_file)
    targets.check()
    settings = with_provider(settings_of(ctx), provider)
    if model is None and resume is None:
        raise UsageError("No judge is named.", fix="Try: sprat judge qwen2.5-coder-1.5b")
    with Store(settings.runs_file, create=resume is None) as store:
        resume = _to_resume(store, resume) if resume else None
        study = _measure(_choice(wanted, store, resume), settings, store, resume)
        form = form_of(KIND)
        try:
            emit(form.read(store, study), form, targets)
        finally:  # a full disk or a closed pipe takes the report, not the study
            click.echo(f"Recorded. See it again with: sprat runs report {study}", err=True)


def _to_resume(store: Store, wanted: str) -> str:
    if wanted != "latest":
        return _of_a_judge(store, store.find(wanted))
    lines = (line for line in store.studies() if line.kind == KIND and line.status != "done")
    found = next((line.id for line in lines), None)
    if found is None:
        raise RunError("No measurement of a judge is unfinished.", fix="See: sprat runs list")
    return found


def _of_a_judge(store: Store, study: str) -> str:
    kind = store.study(study).kind
    if kind != KIND:
        fix = f"Go on with: {form_of(kind).command} --resume {study}"
        raise RunError(f"{study} is {form_of(kind).what}, not a measurement of a judge.", fix=fix)
    return study


def _choice(wanted: Wanted, store: Store, resume: str | None) -> "Choice":
    """The options over what the study was begun with; what differs is refused later."""
    from sprat.studies.judging.opened import Choice, choice_of

    before = choice_of(store.study(resume)) if resume else Choice(judge=wanted.model or "")
    typed = {
        "judge": wanted.model,
        "answers_file": _place(wanted.answers, "--answers"),
        "rubric_file": _place(wanted.rubric, "--rubric"),
        "limit": wanted.limit,
        "seed": wanted.seed,
        "max_tokens": wanted.max_tokens,
    }
    given = {name: value for name, value in typed.items() if value is not None}
    return msgspec.structs.replace(before, **given)


def _place(name: str | None, option: str) -> str | None:
    """A file from wherever the study is resumed."""
    if name is None:
        return None
    path = Path(name).expanduser()
    if not path.is_file():
        raise UsageError(f"There is no file {name!r}.", fix=f"Check {option}.")
    return str(path.absolute())


def _measure(choice: "Choice", settings: "Settings", store: Store, resume: str | None) -> str:
    """Ask what is to be asked, in sight of the user, and return the study's id."""
    from sprat.cli.judge_live import JudgeLive
    from sprat.cli.progress import progress_bar
    from sprat.studies.judging.opened import measured, open_judge
    from sprat.studies.judging.study import is_finished, measure_judge, refuse_difference

    before = store.study(resume) if resume else None
    wanted = measured(choice, before)
    if before is not None and is_finished(store, before.id):
        refuse_difference(before, wanted)
        return before.id
    live = JudgeLive()
    try:
        with progress_bar() as fetching:
            opened = open_judge(choice.judge, settings, fetching)
        with live:
            return asyncio.run(
                measure_judge(
                    wanted, opened.engine, store, identity=opened.identity,
                    environment=opened.environment, resume=resume, progress=live.show,
                )
            )  # fmt: skip
    except KeyboardInterrupt as stop:
        study = live.study or resume
        hint = f"Go on with: sprat judge --resume {study}" if study else "Nothing was asked yet."
        click.echo(f"Stopped. What was done is kept. {hint}", err=True)
        raise SystemExit(130) from stop
