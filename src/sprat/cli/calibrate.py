"""`sprat calibrate`: learn when the small model's answer is good enough, certify it, keep it."""

import asyncio
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sprat.cli.calibrate_docs import calibrate_docs
from sprat.cli.calibrating import (
    Typed,
    again,
    gone_on,
    name_for,
    path_for,
    refuse_beforehand,
    refuse_name,
)
from sprat.cli.compare import ALTERNATIVES, DEFAULT_SET
from sprat.cli.context import settings_of
from sprat.cli.learning import DEFAULT_DELTA, DEFAULT_TARGET, learning_options
from sprat.cli.output import check_target
from sprat.cli.policy_report import PolicyTargets, policy_report_options
from sprat.cli.provider import provider_option, with_provider
from sprat.errors import PolicyError, UsageError
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.plan import ComparePlan

if TYPE_CHECKING:
    from sprat.policies.spec import Policy
    from sprat.studies.hybrid.recorded import Recorded
    from sprat.studies.hybrid.result import Calibrated
    from sprat.studies.hybrid.wish import Wish

EPILOG = "Example: sprat calibrate --questions mine.jsonl --target-error 0.1 --name mine"


@click.command(epilog=EPILOG)
@click.option("--small", metavar="MODEL", help="Who drafts [SLM_ALIAS, smollm2-135m].")
@click.option("--large", metavar="MODEL", help="Who answers what is escalated [LLM_ALIAS, …].")
@click.option("--questions", metavar="SET|FILE", help=f"Question set or file [{DEFAULT_SET}].")
@click.option("--limit", type=click.IntRange(1), help="Ask only N questions in all.")
@click.option(
    "--from",
    "sources",
    metavar="LOG|ID",
    multiple=True,
    help="Take recorded outcomes: a .jsonl.gz log, or a study; may be repeated. Nothing is asked.",
)
@learning_options
@click.option("--name", metavar="NAME", help="What the policy is called [SMALL-LARGE].")
@click.option("--out", metavar="FILE", help="Where it is written [among the kept policies].")
@click.option("--force", is_flag=True, help="Write it even if it is not worth having; it says so.")
@click.option("--replace", is_flag=True, help="Write over a policy that is there.")
@click.option(
    "--resume",
    metavar="[ID]",
    is_flag=False,
    flag_value="latest",
    help="Go on asking where an interrupted calibration stopped.",
)
@click.option(
    "--docs",
    metavar="[DIR]",
    is_flag=False,
    flag_value="",
    help="Learn when to trust answers from documents: a gate for what `sprat index` wrote.",
)
@provider_option
@policy_report_options
@click.pass_context
def calibrate(
    ctx: click.Context,
    docs: str | None,
    provider: str | None,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
    **options: Any,  # noqa: ANN401 (click's own, named and typed by `Typed`)
) -> None:
    """Learn from labelled questions when to trust the small model; certify; write a policy file.

    Both models answer every question; four tenths of them teach a confidence, three certify its
    threshold, three report what came of it. Exit 1, and no file, if nothing can be certified or
    the policy is no better than chance. With --docs the questions are asked of indexed documents,
    and the file is a gate: docs/rag.md.
    """
    typed, targets = Typed(**options), PolicyTargets(html_file, markdown_file, json_file)
    targets.check()
    _refuse_nonsense(typed)
    settings = with_provider(settings_of(ctx), provider)
    if docs is not None:
        calibrate_docs(typed, docs, settings, json_file)
        return
    recorded, small, large = _outcomes(typed, settings)
    refuse_name(typed, small, large, settings)
    wish = _wish(typed, small, large)
    policy, found = asyncio.run(_learn(typed, wish, recorded, settings))
    if not found.refusals or typed.force:
        found = msgspec.structs.replace(found, file=str(_written(policy, typed, settings)))
    targets.emit_calibrated(found)
    _end(found, typed)


def _refuse_nonsense(typed: Typed) -> None:
    """What click lets through, and options that exclude each other."""
    for option in ("target_error", "budget", "delta"):
        if (value := getattr(typed, option)) is not None and math.isnan(value):
            raise UsageError(f"--{option.replace('_', '-')} is not a number.", fix="Try: 0.1")
    if typed.target_error is not None and typed.budget is not None:
        raise UsageError("--target-error and --budget exclude each other.", fix="Leave one out.")
    if typed.sources and (typed.resume or typed.limit):
        raise UsageError("--from asks nothing anew.", fix="Leave --resume and --limit out.")
    if typed.kind == "verify" and typed.mode != "buffer":
        raise UsageError(f"A verify policy has no --mode {typed.mode}.", fix="Leave --mode out.")
    check_target(typed.out)
    if typed.out == "-":
        raise UsageError("A policy is not written to standard output.", fix="Name a file.")


def _outcomes(typed: Typed, settings: Settings) -> tuple["Recorded", str, str]:
    """Recorded outcomes, or new ones; and the two models that they are of."""
    from sprat.studies.hybrid.recorded import is_log, recorded

    if typed.sources:
        if all(is_log(source) for source in typed.sources):
            found = recorded(typed.sources, None, _worded(typed))
        else:
            with Store(settings.runs_file) as store:
                found = recorded(typed.sources, store, _worded(typed))
        if not found.worded and typed.mode != "pre":
            click.echo(
                "The log holds no questions, so no prompt is read: --questions FILE gives them.",
                err=True,
            )
        return found, *_pair(found, typed, settings)
    return _asked(typed, settings)


def _worded(typed: Typed) -> tuple[Any, ...]:
    from sprat.questions import load

    return load(typed.questions).questions if typed.questions else ()


def _pair(found: "Recorded", typed: Typed, settings: Settings) -> tuple[str, str]:
    """The models named; else the outcomes' own two, in their order: the small one is first."""
    names = [model.name for model in found.log.models]
    if (typed.small and typed.large) or len(names) != 2:
        return typed.small or settings.small, typed.large or settings.large
    first, second = names
    if typed.small or typed.large:
        other = second if first in (typed.small, typed.large) else first
        return typed.small or other, typed.large or other
    click.echo(f"{first} is the small one here, and {second} the large one.", err=True)
    return first, second


def _asked(typed: Typed, settings: Settings) -> tuple["Recorded", str, str]:
    """Ask both models everything, as a comparison that keeps log-probabilities."""
    from sprat.cli.asking import ask_in_sight, study_to_resume
    from sprat.studies.hybrid.recorded import of_study

    with Store(settings.runs_file, create=typed.resume is None) as store:
        resume = study_to_resume(store, typed.resume) if typed.resume else None
        plan = gone_on(typed, store.study(resume)) if resume else _plan(typed, settings)
        refuse_beforehand(typed, plan, settings)
        study = ask_in_sight(plan, settings, store, resume, "sprat calibrate")
        click.echo(f"Recorded. Calibrate again with: {again(typed, study)}", err=True)
        return of_study(store, study), plan.small, plan.large


def _plan(typed: Typed, settings: Settings) -> ComparePlan:
    from sprat.questions import load

    seed = typed.seed or 0
    chosen = load(typed.questions or DEFAULT_SET, limit=typed.limit, seed=seed)
    return ComparePlan(
        small=typed.small or settings.small,
        large=typed.large or settings.large,
        questions_name=chosen.name,
        questions=chosen.questions,
        seed=seed,
        selection={} if typed.limit is None else {"limit": typed.limit},
        logprobs=ALTERNATIVES,
    )


def _wish(typed: Typed, small: str, large: str) -> "Wish":
    from sprat.studies.hybrid.wish import Wish

    target = None if typed.budget is not None else typed.target_error or DEFAULT_TARGET
    return Wish(
        name=name_for(typed, small, large),
        small=small,
        large=large,
        kind=typed.kind,
        mode=typed.mode,
        probe_tokens=typed.probe_tokens,
        target_error=target,
        budget=typed.budget,
        delta=typed.delta or DEFAULT_DELTA,
        seed=typed.seed or 0,
        self_check=typed.self_check,
        sample=typed.sample,
    )


async def _learn(
    typed: Typed, wish: "Wish", recorded: "Recorded", settings: Settings
) -> tuple["Policy", "Calibrated"]:
    """Calibrate; with models at hand only for what was not recorded."""
    from sprat.cost import Prices
    from sprat.studies.hybrid.calibrate import calibrate as learn
    from sprat.studies.hybrid.wish import asks_more, blank

    price = Prices(settings).of
    if typed.sources or not asks_more(blank(wish)):
        return await learn(wish, recorded, price=price)
    from sprat.studies.hybrid.beside import opened_pair

    click.echo("Asking what the policy will ask besides…", err=True)
    async with opened_pair(wish.small, wish.large, settings) as live:
        return await learn(wish, recorded, live, price)


def _written(policy: "Policy", typed: Typed, settings: Settings) -> Path:
    from sprat.policies.file import write_policy

    path = path_for(typed, policy.name, settings)
    write_policy(policy, path)
    return path


def _end(found: "Calibrated", typed: Typed) -> None:
    """Say how to use it, or refuse.

    Raises:
        PolicyError: it is not worth having, and nothing was written.
    """
    if found.file is None:
        raise PolicyError(" ".join(found.refusals), fix="To have it all the same: --force.")
    for refusal in found.refusals:
        click.echo(f"Written all the same, as --force says: {refusal}", err=True)
    click.echo(f'Use it: sprat ask policy:{typed.out or found.name} "…"', err=True)
