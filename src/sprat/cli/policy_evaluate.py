"""`sprat policy evaluate`: what a policy does, on outcomes that were recorded or are asked anew."""

import asyncio
from typing import TYPE_CHECKING

import click

from sprat.cli.compare import ALTERNATIVES
from sprat.cli.context import settings_of
from sprat.cli.policy_report import PolicyTargets, policy_report_options
from sprat.cli.provider import provider_option, with_provider
from sprat.errors import UsageError
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.plan import ComparePlan

if TYPE_CHECKING:
    from sprat.policies.spec import Policy
    from sprat.studies.hybrid.recorded import Recorded
    from sprat.studies.hybrid.result import Evaluation


@click.command(epilog="Example: sprat policy evaluate mine --from latest --html policy.html")
@click.argument("policy_name", metavar="FILE|NAME")
@click.option(
    "--from",
    "sources",
    metavar="LOG|ID",
    multiple=True,
    help="Recorded outcomes: a .jsonl.gz log, or a study; may be repeated.",
)
@click.option(
    "--questions", metavar="SET|FILE", help="Ask these of both models; with --from: a log's own."
)
@click.option("--limit", type=click.IntRange(1), help="Ask only N questions in all.")
@click.option("--unseen", is_flag=True, help="Leave out the questions that it was made with.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, help="Of the resampling [0].")
@provider_option
@policy_report_options
@click.pass_context
def evaluate(
    ctx: click.Context,
    policy_name: str,
    sources: tuple[str, ...],
    questions: str | None,
    limit: int | None,
    unseen: bool,
    seed: int,
    provider: str | None,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
) -> None:
    """Evaluate a policy beside both models alone, chance, and an oracle.

    The policy itself answers every question again out of what both models were recorded to answer,
    in their seconds and at their cost.
    """
    from sprat.policies.file import find_policy, read_policy
    from sprat.studies.hybrid.seen import only_unseen

    targets = PolicyTargets(html_file, markdown_file, json_file)
    targets.check()
    if not sources and not questions:
        raise UsageError("There is nothing to evaluate it on.", fix="Try: --from latest")
    if sources and limit:
        raise UsageError("--from asks nothing anew.", fix="Leave --limit out.")
    settings = with_provider(settings_of(ctx), provider)
    policy = read_policy(find_policy(policy_name, settings))
    if sources:
        recorded = _recorded(sources, questions, settings)
    else:
        recorded = _asked(policy, questions or "", limit, seed, settings)
    chosen = only_unseen(policy, recorded) if unseen else recorded
    judging = _judged(policy, chosen, seed, settings, anew=not sources)
    targets.emit_evaluation(asyncio.run(judging))


async def _judged(
    policy: "Policy", recorded: "Recorded", seed: int, settings: Settings, *, anew: bool
) -> "Evaluation":
    """Evaluate; with models at hand only for what was not recorded."""
    from sprat.cost import Prices
    from sprat.studies.hybrid.beside import opened_pair
    from sprat.studies.hybrid.evaluate import evaluate as judge
    from sprat.studies.hybrid.wish import asks_more

    price = Prices(settings).of
    if not anew or not asks_more(policy):
        return await judge(policy, recorded, seed=seed, price=price)
    click.echo("Asking what the policy asks besides…", err=True)
    async with opened_pair(policy.small.model, policy.large.model, settings) as live:
        return await judge(policy, recorded, seed=seed, live=live, price=price)


def _recorded(sources: tuple[str, ...], questions: str | None, settings: Settings) -> "Recorded":
    from sprat.questions import load
    from sprat.studies.hybrid.recorded import is_log, recorded

    worded = load(questions).questions if questions else ()
    if all(is_log(source) for source in sources):
        return recorded(sources, None, worded)
    with Store(settings.runs_file) as store:
        return recorded(sources, store, worded)


def _asked(
    policy: "Policy", questions: str, limit: int | None, seed: int, settings: Settings
) -> "Recorded":
    """Both models' answers, recorded as a comparison."""
    from sprat.cli.asking import ask_in_sight
    from sprat.questions import load
    from sprat.studies.hybrid.recorded import of_study

    chosen = load(questions, limit=limit, seed=seed)
    plan = ComparePlan(
        small=policy.small.model,
        large=policy.large.model,
        questions_name=chosen.name,
        questions=chosen.questions,
        seed=seed,
        selection={} if limit is None else {"limit": limit},
        logprobs=ALTERNATIVES,
    )
    with Store(settings.runs_file, create=True) as store:
        study = ask_in_sight(plan, settings, store, None, "sprat compare")
        click.echo(
            f"Recorded. Evaluate again with: sprat policy evaluate {policy.name} --from {study}",
            err=True,
        )
        return of_study(store, study)
