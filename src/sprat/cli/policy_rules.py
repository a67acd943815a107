"""What `sprat policy new` can write into a policy: one table, an option a row."""

from typing import Any, NamedTuple

import click

KINDS = ("cascade", "refine", "verify", "fallback", "shadow")
REFINE, VERIFY, SHADOW = ("refine",), ("verify",), ("shadow",)


class Rule(NamedTuple):
    """An option, and what it writes into the policy."""

    part: str
    field: str
    """Of the file: `part.field`."""
    kinds: tuple[str, ...]
    """Those that read it."""
    flags: tuple[str, ...]
    """As `click.option` takes them: the word that is typed first."""
    how: dict[str, Any]

    @property
    def name(self) -> str:
        """What click calls its value."""
        return self.flags[-1].lstrip("-").replace("-", "_")


def rule(place: str, kinds: tuple[str, ...], *flags: str, **how: Any) -> Rule:  # noqa: ANN401 - click's own
    """A row of the table; `place` is `part.field`."""
    part, _, field = place.partition(".")
    return Rule(part, field, kinds, flags, how)


_ABOVE_0 = click.FloatRange(0, min_open=True)
RULES = (
    rule(
        "refine.when",
        REFINE,
        "--when",
        type=click.Choice(["long", "flagged", "always"]),
        help="refine: which drafts [long].",
    ),
    rule(
        "refine.min_chars",
        REFINE,
        "--long",
        "least_chars",
        type=click.IntRange(0),
        metavar="N",
        help="refine: from how many characters a draft is long [600].",
    ),
    rule(
        "refine.flags",
        REFINE,
        "--flag",
        "flags",
        multiple=True,
        metavar="WORD",
        help="refine: a prompt with it is flagged; may be repeated.",
    ),
    rule(
        "verify.how",
        VERIFY,
        "--how",
        type=click.Choice(["exact", "keep"]),
        help="verify: the large model's own answer, or a draft near enough [exact].",
    ),
    rule(
        "verify.tolerance",
        VERIFY,
        "--tolerance",
        type=click.FloatRange(0),
        metavar="NATS",
        help="verify, keep: how much less likely a token may be [2].",
    ),
    rule(
        "rules.min_chars",
        ("cascade", "fallback", "refine"),
        "--min-chars",
        type=click.IntRange(0),
        metavar="N",
        help="cascade, fallback, refine: a shorter answer is too short [1].",
    ),
    rule(
        "shadow.share",
        SHADOW,
        "--share",
        type=click.FloatRange(0, 1),
        help="shadow: of the requests, both models answer [0.1].",
    ),
    rule(
        "shadow.window",
        SHADOW,
        "--window",
        type=click.IntRange(10),
        metavar="N",
        help="shadow: the latest N answers are looked at [50].",
    ),
    rule(
        "shadow.most_disagreement",
        SHADOW,
        "--most-disagreement",
        type=click.FloatRange(0, 1),
        help="shadow: alarm above this share of differing answers [0.5].",
    ),
    rule(
        "gates.tools",
        KINDS,
        "--tools",
        type=click.Choice(["small", "large"]),
        help="Who answers conversations with tools [large].",
    ),
    rule(
        "gates.most_chars",
        KINDS,
        "--most-chars",
        type=click.IntRange(0),
        metavar="N",
        help="Longer prompts go to the large model.",
    ),
    rule(
        "gates.stay_here",
        KINDS,
        "--stay-here",
        is_flag=True,
        help="Nothing ever leaves this machine.",
    ),
    rule(
        "gates.private",
        KINDS,
        "--private",
        multiple=True,
        metavar="REGEX",
        help="Conversations with this never leave it; may be repeated.",
    ),
    rule(
        "gates.budget_usd",
        KINDS,
        "--budget",
        "budget_usd",
        type=click.FloatRange(0),
        metavar="USD",
        help="What the large model may cost in 24 hours.",
    ),
    rule(
        "fallback.timeout_s",
        KINDS,
        "--timeout",
        "timeout_s",
        type=_ABOVE_0,
        metavar="S",
        help="The small model's whole answer must come within S seconds.",
    ),
    rule(
        "fallback.failures",
        KINDS,
        "--failures",
        type=click.IntRange(1),
        metavar="N",
        help="So many in a row, and a model is left alone [3].",
    ),
    rule(
        "fallback.cool_down_s",
        KINDS,
        "--cool-down",
        "cool_down_s",
        type=_ABOVE_0,
        metavar="S",
        help="For so many seconds [30].",
    ),
)
