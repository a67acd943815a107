"""`sprat policy new`: a policy whose rules are written down rather than learned."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sprat.cli.context import settings_of
from sprat.errors import UsageError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.policies.spec import Policy

F = TypeVar("F", bound=Callable[..., Any])

KINDS = ("cascade", "refine", "verify", "fallback", "shadow")

_OF_KIND = {
    # option: (the part of the file that it is in, its field there, the kinds that read it)
    "when": ("refine", "when", ("refine",)),
    "least_chars": ("refine", "min_chars", ("refine",)),
    "flags": ("refine", "flags", ("refine",)),
    "how": ("verify", "how", ("verify",)),
    "tolerance": ("verify", "tolerance", ("verify",)),
    "min_chars": ("rules", "min_chars", ("cascade", "fallback", "refine")),
    "timeout_s": ("fallback", "timeout_s", KINDS),
    "failures": ("fallback", "failures", KINDS),
    "cool_down_s": ("fallback", "cool_down_s", KINDS),
    "share": ("shadow", "share", ("shadow",)),
    "window": ("shadow", "window", ("shadow",)),
    "most_disagreement": ("shadow", "most_disagreement", ("shadow",)),
    "tools": ("gates", "tools", KINDS),
    "most_chars": ("gates", "most_chars", KINDS),
    "stay_here": ("gates", "stay_here", KINDS),
    "private": ("gates", "private", KINDS),
    "budget_usd": ("gates", "budget_usd", KINDS),
}


def _gate_options(command: F) -> F:
    """What comes before everything else."""
    for option in reversed(
        (
            click.option(
                "--tools",
                type=click.Choice(["small", "large"]),
                help="Who answers conversations with tools [large].",
            ),
            click.option(
                "--most-chars",
                type=click.IntRange(0),
                metavar="N",
                help="Longer prompts go to the large model.",
            ),
            click.option("--stay-here", is_flag=True, help="Nothing ever leaves this machine."),
            click.option(
                "--private",
                multiple=True,
                metavar="REGEX",
                help="Conversations with this never leave it; may be repeated.",
            ),
            click.option(
                "--budget",
                "budget_usd",
                type=click.FloatRange(0),
                metavar="USD",
                help="What the large model may cost in 24 hours.",
            ),
            click.option(
                "--timeout",
                "timeout_s",
                type=click.FloatRange(0, min_open=True),
                metavar="S",
                help="The small model's whole answer must come within S seconds.",
            ),
            click.option(
                "--failures",
                type=click.IntRange(1),
                metavar="N",
                help="So many in a row, and a model is left alone [3].",
            ),
            click.option(
                "--cool-down",
                "cool_down_s",
                type=click.FloatRange(0, min_open=True),
                metavar="S",
                help="For so many seconds [30].",
            ),
        )
    ):
        command = option(command)
    return command


def _kind_options(command: F) -> F:
    """What single kinds read."""
    for option in reversed(
        (
            click.option(
                "--when",
                type=click.Choice(["long", "flagged", "always"]),
                help="refine: which drafts [long].",
            ),
            click.option(
                "--long",
                "least_chars",
                type=click.IntRange(0),
                metavar="N",
                help="refine: from how many characters a draft is long [600].",
            ),
            click.option(
                "--flag",
                "flags",
                multiple=True,
                metavar="WORD",
                help="refine: a prompt with it is flagged; may be repeated.",
            ),
            click.option(
                "--how",
                type=click.Choice(["exact", "keep"]),
                help="verify: the large model's own answer, or a draft near enough [exact].",
            ),
            click.option(
                "--tolerance",
                type=click.FloatRange(0),
                metavar="NATS",
                help="verify, keep: how much less likely a token may be [2].",
            ),
            click.option(
                "--min-chars",
                type=click.IntRange(0),
                metavar="N",
                help="cascade, fallback, refine: a shorter answer is too short [1].",
            ),
            click.option(
                "--share",
                type=click.FloatRange(0, 1),
                help="shadow: of the requests, both models answer [0.1].",
            ),
            click.option(
                "--window",
                type=click.IntRange(10),
                metavar="N",
                help="shadow: the latest N answers are looked at [50].",
            ),
            click.option(
                "--most-disagreement",
                type=click.FloatRange(0, 1),
                help="shadow: alarm above this share of differing answers [0.5].",
            ),
        )
    ):
        command = option(command)
    return command


@click.command(epilog="Example: sprat policy new refine --name careful --flag contract")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--small", help="The model that drafts [settings: small].")
@click.option("--large", help="The model that is asked where that is not enough [settings: large].")
@click.option("--name", help="What it is called [KIND].")
@click.option("--out", metavar="FILE", help="Where it is written; else it is kept by its name.")
@click.option("--force", is_flag=True, help="Write over a policy of that name.")
@_kind_options
@_gate_options
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
    for option, value in options.items():
        if value not in {None, False, ()}:
            part, field, kinds = _OF_KIND[option]
            _refuse_unread(option, kind, kinds)
            data.setdefault(part, {})[field] = value
    sides = {"small": {"model": models[0]}, "large": {"model": models[1]}}
    head = {"name": name, "kind": kind, "created": _now(), **sides}
    policy = msgspec.convert({**head, **data}, Policy)
    check_reads(policy, side_of(policy, "large", settings))
    return portable(policy, settings)


def _refuse_unread(option: str, kind: str, kinds: tuple[str, ...]) -> None:
    if kind not in kinds:
        typed = {"least_chars": "long", "flags": "flag"}.get(option, option).replace("_", "-")
        raise UsageError(
            f"--{typed} says nothing to a policy of kind {kind}.",
            fix=f"It is for: {', '.join(kinds)}.",
        )


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")
