"""`sprat evaluate`: how good one model's answers are, and whether they got worse."""

from typing import Any

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.provider import provider_option, with_provider
from sprat.cli.reports import Command, Targets, emit, report_options
from sprat.errors import UsageError
from sprat.runs.store import Store

DEFAULT_SET = "everyday"
EPILOG = "Example: sprat evaluate smollm2-135m qwen2.5-coder-0.5b --limit 24 --html report.html"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None: not typed."""

    models: tuple[str, ...]
    questions: str | None
    limit: int | None
    kinds: str | None
    languages: str | None
    seed: int | None
    temperature: float | None
    system: str | None
    max_tokens: int | None
    reasoning_effort: str | None
    shuffle_choices: bool
    logprobs: bool
    judge: str | None
    against: str | None
    rubric: str | None
    same_family: bool
    rescore: str | None


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the command fail; None: that does not."""

    baseline: str | None
    significance: float
    fail_under: float | None
    fail_slower: float | None


def asking_options(command: Command) -> Command:
    """What is asked, and how."""
    options = (
        click.option("--questions", metavar="SET|FILE", help=f"Set or file [{DEFAULT_SET}]."),
        click.option("--limit", type=click.IntRange(1), help="Ask only N questions in all."),
        click.option("--kinds", metavar="A,B", help="Only these kinds of question."),
        click.option("--languages", metavar="en,ms", help="Only questions in these languages."),
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Order and sampling [0]."),
        click.option(
            "--temperature", type=click.FloatRange(0, 2), help="Above 0 answers are drawn [0]."
        ),
        click.option("--system", metavar="TEXT", help="Said before each question."),
        click.option(
            "--max-tokens", type=click.IntRange(1, 131_072), help="Room for each answer [its own]."
        ),
        click.option(
            "--reasoning-effort", metavar="WORD", help="How long to think; endpoints only."
        ),
        click.option("--shuffle-choices", is_flag=True, help="Multiple choice: by the seed."),
        click.option("--logprobs", is_flag=True, help="Keep each token's log-probability too."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def judging_options(command: Command) -> Command:
    """Who else grades."""
    options = (
        click.option("--judge", metavar="MODEL", help="Have the answers graded by this model too."),
        click.option("--against", metavar="RUN", help="The judge also holds them beside these."),
        click.option("--rubric", metavar="FILE", help="What the grades mean [built in]."),
        click.option("--same-family", is_flag=True, help="Allow a judge of the model's family."),
        click.option("--rescore", metavar="RUN", help="Score these stored answers; ask nobody."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def gate_options(command: Command) -> Command:
    """What a build fails for."""
    options = (
        click.option("--baseline", metavar="RUN", help="Fail if significantly worse than this."),
        click.option(
            "--significance",
            type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
            default=0.01,
            show_default=True,
            help="How rarely chance alone may fail it.",
        ),
        click.option("--fail-under", type=click.FloatRange(0, 1), help="Fail below this score."),
        click.option(
            "--fail-slower", type=click.FloatRange(0), metavar="PCT", help="Fail if so much slower."
        ),
        click.option("--junit", "junit_file", metavar="FILE", help="Write JUnit XML."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog=EPILOG)
@click.argument("models", metavar="MODEL...", nargs=-1)
@asking_options
@judging_options
@gate_options
@click.option(
    "--resume",
    metavar="[ID]",
    is_flag=False,
    flag_value="latest",
    help="Go on with an interrupted evaluation: the latest one, or ID.",
)
@provider_option
@report_options
@click.pass_context
def evaluate(
    ctx: click.Context,
    resume: str | None,
    provider: str | None,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
    junit_file: str | None,
    baseline: str | None,
    significance: float,
    fail_under: float | None,
    fail_slower: float | None,
    **options: Any,  # noqa: ANN401 (click's own, named and typed by `Wanted`)
) -> None:
    """Score the answers of models: any name, any questions, by scorer, by rule, by a judge.

    Every answer is kept as it comes, so a study that was stopped goes on with --resume. With
    --fail-under or --baseline it exits with 1 where a build should fail.
    """
    from sprat.cli.evaluating import evaluate_all
    from sprat.cli.evaluating_gates import (
        failures,
        refuse_gate,
        refuse_itself,
        refuse_twice,
        write_junit,
    )
    from sprat.report.forms import form_of
    from sprat.studies.asked import one_of
    from sprat.studies.evaluation.held import Held, hold_against
    from sprat.studies.evaluation.plan import KIND
    from sprat.studies.evaluation.summary import summarise_all

    wanted = Wanted(**options)
    gate = Gate(
        baseline=baseline, significance=significance, fail_under=fail_under, fail_slower=fail_slower
    )
    targets = Targets(html_file, markdown_file, json_file)
    targets.check()
    refuse_twice(targets, junit_file)
    settings = with_provider(settings_of(ctx), provider)
    refuse_nonsense(wanted, resume)
    refuse_gate(gate, junit_file)
    with Store(settings.runs_file, create=resume is None) as store:
        before = one_of(store, baseline) if baseline is not None else None
        studies = evaluate_all(wanted, settings, store, resume)
        refuse_itself(before, studies)
        if before is not None:
            for study in studies:
                hold_against(store, study, Held(before, significance))
        found = summarise_all(store, studies)
    try:
        emit(found, form_of(KIND), targets)
        if junit_file:
            write_junit(found, junit_file)
    finally:  # a full disk or a closed pipe takes the report, not the study
        for study in studies:
            click.echo(f"Recorded. See it again with: sprat runs report {study}", err=True)
    if reasons := failures(found, gate):
        for reason in reasons:
            click.echo(f"sprat: {reason}", err=True)
        raise SystemExit(1)


def refuse_nonsense(wanted: Wanted, resume: str | None) -> None:
    """Options that cannot go together.

    Raises:
        UsageError: naming them.
    """
    if not wanted.models and resume is None and wanted.rescore is None:
        raise UsageError("No model is named.", fix="Try: sprat evaluate smollm2-135m")
    if wanted.rescore is not None:
        _refuse_asking(wanted, resume)
    if wanted.rubric is not None and wanted.judge is None and wanted.rescore is None:
        raise UsageError("--rubric is what a judge grades by.", fix="Add --judge MODEL.")
    if wanted.against is not None and wanted.judge is None:
        raise UsageError("--against needs a judge.", fix="Add --judge MODEL.")
    if len(set(wanted.models)) < len(wanted.models):
        raise UsageError("A model is named twice.", fix="Name each once.")
    if wanted.system is not None and not wanted.system.strip():
        raise UsageError("--system is empty.", fix="Give it a text, or leave it out.")


def _refuse_asking(wanted: Wanted, resume: str | None) -> None:
    """What changes how models are asked changes nothing about answers that are stored."""
    if wanted.models or resume:
        raise UsageError("--rescore asks no model.", fix="Leave MODEL and --resume out.")
    for name in (
        "limit", "kinds", "languages", "seed", "temperature", "system", "max_tokens",
        "reasoning_effort", "shuffle_choices", "logprobs",
    ):  # fmt: skip
        if getattr(wanted, name) not in (None, False):
            option = name.replace("_", "-")
            raise UsageError(
                f"--rescore asks no model, so --{option} does nothing.",
                fix="Leave it out, or ask anew without --rescore.",
            )
