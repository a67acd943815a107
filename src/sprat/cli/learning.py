"""How a confidence is learned: the options of `sprat calibrate` that say so."""

from collections.abc import Callable
from typing import Any

import click

DEFAULT_TARGET = 0.1
DEFAULT_DELTA = 0.05
INSIDE = click.FloatRange(0, 1, min_open=True, max_open=True)
Command = Callable[..., Any]


def learning_options(command: Command) -> Command:
    """Add them, in the order in which they are listed here."""
    for option in reversed(
        (
            click.option(
                "--kind",
                type=click.Choice(("cascade", "verify")),
                default="cascade",
                help="Judged by the small model's log-probabilities [cascade], or the large one's.",
            ),
            click.option(
                "--mode",
                type=click.Choice(("buffer", "pre", "probe")),
                default="buffer",
                help="Decide after the draft [buffer], before it, or after its first tokens.",
            ),
            click.option(
                "--probe-tokens",
                type=click.IntRange(1),
                default=16,
                help="How many tokens --mode probe looks at [16].",
            ),
            click.option(
                "--target-error",
                type=INSIDE,
                help=f"Share of the accepted answers that may be wrong [{DEFAULT_TARGET}].",
            ),
            click.option(
                "--budget",
                type=click.FloatRange(0, min_open=True),
                metavar="SHARE",
                help="Instead of a target: the best at this share of the large model's cost.",
            ),
            click.option(
                "--delta",
                type=INSIDE,
                help=f"How probable it may be that the bound is broken [{DEFAULT_DELTA}].",
            ),
            click.option(
                "--seed",
                type=click.IntRange(0, 2**31 - 1),
                help="Which questions teach, which certify; order and sampling [0].",
            ),
            click.option(
                "--self-check", is_flag=True, help="Ask the small model whether it is right, too."
            ),
            click.option(
                "--sample", is_flag=True, help="Draw a second answer too: are they alike?"
            ),
        )
    ):
        command = option(command)
    return command
