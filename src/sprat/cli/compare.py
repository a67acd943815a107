"""`sprat compare`: the main job."""

import math
from typing import Any

import click
import msgspec

from sprat.cli.asking import ask_in_sight, study_to_resume
from sprat.cli.context import settings_of
from sprat.cli.output import refuse_broken_text
from sprat.cli.provider import provider_option, with_provider
from sprat.cli.reports import Targets, emit, report_options
from sprat.errors import UsageError
from sprat.report.forms import form_of
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.plan import DEFAULT_MARGIN, KIND, ComparePlan, plan_of
from sprat.studies.resume import unfinished
from sprat.studies.summary import summarise

DEFAULT_SET = "everyday"
ALTERNATIVES = 5
"""Kept with each token's log-probability: what a confidence is learned from."""
EPILOG = "Example: sprat compare --small smollm2-135m --large qwen2.5-coder-0.5b --limit 24"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None: not typed."""

    small: str | None
    large: str | None
    questions: str | None
    limit: int | None
    prompt: str | None
    margin: float | None
    seed: int | None
    kinds: str | None
    languages: str | None
    logprobs: bool = False


@click.command(epilog=EPILOG)
@click.option("--small", metavar="MODEL", help="The model in question [SLM_ALIAS, smollm2-135m].")
@click.option("--large", metavar="MODEL", help="What it is held against [LLM_ALIAS, qwen2.5-…].")
@click.option("--questions", metavar="SET|FILE", help=f"Question set or file [{DEFAULT_SET}].")
@click.option("--limit", type=click.IntRange(1), help="Ask only N questions in all, of every kind.")
@click.option("--kinds", metavar="A,B", help="Only these kinds of question.")
@click.option("--languages", metavar="en,ms", help="Only questions in these languages.")
@click.option("--prompt", metavar="TEXT", help="Both answer this; no verdict [COMPARE_PROMPT].")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help=f"How much worse is still good enough, of a score of 0 to 1 [{DEFAULT_MARGIN}].",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Order and sampling [0].")
@click.option("--logprobs", is_flag=True, help="Keep each token's log-probability too.")
@click.option(
    "--resume",
    metavar="[ID]",
    is_flag=False,
    flag_value="latest",
    help="Go on with an interrupted comparison: the latest one, or ID.",
)
@provider_option
@report_options
@click.pass_context
def compare(
    ctx: click.Context,
    resume: str | None,
    provider: str | None,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
    **options: Any,  # noqa: ANN401 (click's own, named and typed by `Wanted`)
) -> None:
    """Say whether the small model is good enough.

    Both models answer the same questions in turns; every answer is kept as it comes, so a study
    that was stopped goes on with --resume.
    """
    wanted, targets = Wanted(**options), Targets(html_file, markdown_file, json_file)
    targets.check()
    settings = with_provider(settings_of(ctx), provider)
    _refuse_nonsense(wanted)
    fresh = fresh_plan(wanted, settings) if resume is None else None
    with Store(settings.runs_file, create=resume is None) as store:
        resume = study_to_resume(store, resume) if resume else None
        if fresh:
            _mention_unfinished(store, fresh)
        plan = fresh or resumed_plan(wanted, plan_of(store.study(resume or "")))
        study = ask_in_sight(plan, settings, store, resume, "sprat compare")
        comparison = summarise(store, study)
    try:
        emit(comparison, form_of(KIND), targets)
    finally:  # a full disk or a closed pipe takes the report, not the study
        click.echo(f"Recorded. See it again with: sprat runs report {study}", err=True)


def _refuse_nonsense(wanted: Wanted) -> None:
    """What click lets through: not-a-number is in every range, and an empty prompt is a text."""
    if wanted.margin is not None and math.isnan(wanted.margin):
        raise UsageError("--margin is not a number.", fix="Try: --margin 0.05")
    if wanted.prompt is not None and not wanted.prompt.strip():
        raise UsageError("--prompt is empty.", fix="Give it a text, or leave it out.")
    refuse_broken_text(wanted.prompt or "", "--prompt")


def _mention_unfinished(store: Store, plan: ComparePlan) -> None:
    """Say that the same comparison was begun before: its answers need no asking again."""
    begun = unfinished(store, plan)
    if begun is not None:
        answers = len(store.answered(begun))
        click.echo(
            f"The same comparison was begun before and has {answers} answers; this is a new one. "
            f"Go on with that one instead: sprat compare --resume {begun}",
            err=True,
        )


def fresh_plan(wanted: Wanted, settings: Settings) -> ComparePlan:
    """Options over environment over file over defaults; questions read and checked.

    Raises:
        UsageError: options that exclude each other.
        QuestionError: the questions cannot be used.
    """
    from sprat.questions import load, load_prompt

    seed, prompt = wanted.seed or 0, _prompt(wanted, settings)
    selection = {"limit": wanted.limit, "kinds": wanted.kinds, "languages": wanted.languages}
    if prompt is not None:
        chosen, selection = load_prompt(prompt), {}
    else:
        chosen = load(
            wanted.questions or DEFAULT_SET,
            limit=wanted.limit,
            seed=seed,
            kinds=_listed(wanted.kinds),
            languages=_listed(wanted.languages),
        )
    return ComparePlan(
        small=wanted.small or settings.small,
        large=wanted.large or settings.large,
        questions_name=chosen.name,
        questions=chosen.questions,
        margin=DEFAULT_MARGIN if wanted.margin is None else wanted.margin,
        seed=seed,
        selection={name: value for name, value in selection.items() if value is not None},
        logprobs=ALTERNATIVES if wanted.logprobs else None,
    )


def resumed_plan(wanted: Wanted, before: ComparePlan) -> ComparePlan:
    """The plan as it began, with what was typed now laid over it (and refused if it differs)."""
    changes = _typed(wanted, "small", "large", "margin", "seed")
    if wanted.logprobs:
        changes["logprobs"] = ALTERNATIVES
    selection = {**before.selection, **_typed(wanted, "limit", "kinds", "languages")}
    plan = msgspec.structs.replace(before, selection=selection, **changes)
    if wanted.questions is None and wanted.prompt is None:
        return plan
    chosen = fresh_plan(msgspec.structs.replace(wanted, seed=plan.seed, **selection), Settings())
    return msgspec.structs.replace(
        plan, questions_name=chosen.questions_name, questions=chosen.questions
    )


def _typed(wanted: Wanted, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(wanted, name)) is not None}


def _prompt(wanted: Wanted, settings: Settings) -> str | None:
    if wanted.prompt is not None and wanted.questions is not None:
        raise UsageError("--prompt and --questions exclude each other.", fix="Leave one out.")
    if wanted.questions is not None:
        return None
    return wanted.prompt if wanted.prompt is not None else settings.prompt


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]
