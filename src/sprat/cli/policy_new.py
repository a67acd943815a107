"""`sprat policy new`: a policy whose rules are written down rather than learned."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sprat.cli.context import settings_of
from sprat.cli.policy_rules import KINDS, RULES, Rule
from sprat.errors import UsageError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.policies.spec import Policy

F = TypeVar("F", bound=Callable[..., Any])


def _rule_options(command: F) -> F:
    for rule in reversed(RULES):
        command = click.option(*rule.flags, **rule.how)(command)
    return command


@click.command(epilog="Example: sprat policy new refine --name careful --flag contract")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--small", help="The model that drafts [settings: small].")
@click.option("--large", help="The model that is asked where that is not enough [settings: large].")
@click.option("--name", help="What it is called [KIND].")
@click.option("--out", metavar="FILE", help="Where it is written; else it is kept by its name.")
@click.option("--force", is_flag=True, help="Write over a policy of that name.")
@_rule_options
@click.pass_context
def new(
    ctx: click.Context,
    kind: str,
    small: str | None,
    large: str | None,
    name: str | None,
    out: str | None,
    force: bool,
    **options: Any,  # noqa: ANN401 - one per option above
) -> None:
    """Make a policy of KIND that follows written rules; `sprat calibrate` makes one that learned.

    cascade: the large model answers where rules find fault with the small one's answer. refine: it
    improves long drafts. verify: it reads the draft, which is quicker than to write. fallback: it
    stands in. shadow: it watches the small one.
    """
    from sprat.policies.file import write_policy

    settings = settings_of(ctx)
    made = made_policy(
        kind, name or kind, (small or settings.small, large or settings.large), options, settings
    )
    path = Path(out) if out else settings.policies_dir / f"{made.name}.json"
    if path.exists() and not force:
        raise UsageError(
            f"There is a policy at {path} already.", fix="Give another --name, or --force."
        )
    write_policy(made, path)
    called = str(path) if out else made.name
    click.echo(f"Written to {path}.", err=True)
    click.echo(f'Try it: sprat ask policy:{called} "…"')


def made_policy(
    kind: str, name: str, models: tuple[str, str], options: dict[str, Any], settings: Settings
) -> "Policy":
    """The policy that the options describe.

    Raises:
        UsageError: an option that this kind does not read.
        PolicyError: a model that means nothing here, or cannot do what the kind asks of it.
    """
    import msgspec

    from sprat.door.policy import check_reads, portable, side_of
    from sprat.policies.spec import Policy

    data: dict[str, Any] = {"verify": {"how": "exact"}} if kind == "verify" else {}
    for rule in RULES:
        value = options.get(rule.name)
        if value not in {None, False, ()}:
            _refuse_unread(rule, kind)
            data.setdefault(rule.part, {})[rule.field] = value
    sides = {"small": {"model": models[0]}, "large": {"model": models[1]}}
    head = {"name": name, "kind": kind, "created": _now(), **sides}
    policy = msgspec.convert({**head, **data}, Policy)
    check_reads(policy, side_of(policy, "large", settings))
    return portable(policy, settings)


def _refuse_unread(rule: Rule, kind: str) -> None:
    if kind not in rule.kinds:
        raise UsageError(
            f"{rule.flags[0]} says nothing to a policy of kind {kind}.",
            fix=f"It is for: {', '.join(rule.kinds)}.",
        )


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")
