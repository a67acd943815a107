"""The options of `sprat bench`, and how lists and times are typed."""

import math
import re
from collections.abc import Callable
from typing import Any, get_args

import click

from sprat.studies.bench.result import Condition

Command = Callable[..., Any]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
MOST_TOKENS = 131_072
MOST_WORKERS = 256
MOST_RATE = 1000.0
MOST_LISTED = 16

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class Counts(click.ParamType[tuple[int, ...]]):
    """Whole numbers with commas between them, each from `least` to `most`."""

    name = "list"

    def __init__(self, least: int, most: int) -> None:
        self._least = least
        self._most = most

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The numbers, in the order typed, each once."""
        if isinstance(value, tuple):
            return value  # pyright: ignore[reportUnknownVariableType] # converted before
        words = [word.strip() for word in str(value).split(",")]
        if not all(word.isascii() and word.isdigit() for word in words):
            self.fail(f"{value!r} is no list of whole numbers, such as 1,2,4.", param, ctx)
        found = tuple(dict.fromkeys(int(word[:9]) for word in words))
        if not all(self._least <= one <= self._most for one in found):
            self.fail(f"{value!r}: each is {self._least} to {self._most}.", param, ctx)
        if len(found) > MOST_LISTED:
            self.fail(f"{value!r} has more than {MOST_LISTED} values.", param, ctx)
        return found


class Seconds(click.ParamType[float]):
    """A time: `90`, `90s`, `1.5m`, `500ms`."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        if isinstance(value, float):
            return value
        found = _SECONDS.fullmatch(str(value).strip())
        seconds = float(found[1]) * _UNITS[found[2] or "s"] if found else math.inf
        if not seconds <= 86_400:
            self.fail(f"{value!r} is no time up to a day, such as 90s or 5m.", param, ctx)
        return seconds


class Conditions(click.ParamType[tuple[Condition, ...]]):
    """Names of conditions with commas between them."""

    name = "list"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Condition, ...]:
        """The conditions, each once; in this order, whatever was typed."""
        if isinstance(value, tuple):
            return value  # pyright: ignore[reportUnknownVariableType] # converted before
        words = {word.strip() for word in str(value).split(",")}
        unknown = sorted(words - set(CONDITIONS))
        if unknown:
            self.fail(f"{unknown[0]!r} is none of {', '.join(CONDITIONS)}.", param, ctx)
        order: tuple[Condition, ...] = ("warm", "prefix-cached", "cold")
        return tuple(one for one in order if one in words)


def plan_options(command: Command) -> Command:
    """Everything that shapes the plan."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--provider",
        "providers",
        multiple=True,
        metavar="NAME",
        help="Computes local models; give several to put them side by side [settings, cpu].",
    ),
    click.option(
        "--condition",
        "conditions",
        type=Conditions(),
        metavar="LIST",
        help="Of warm, prefix-cached, cold [warm].",
    ),
    click.option("--prompt", metavar="TEXT", help="Ask this, not lengths [BENCH_PROMPT]."),
    click.option(
        "--prompt-tokens",
        type=Counts(1, MOST_TOKENS),
        metavar="LIST",
        help="Lengths of the prompts [128].",
    ),
    click.option(
        "--output-tokens",
        type=Counts(1, MOST_TOKENS),
        metavar="LIST",
        help="Lengths of the answers [64].",
    ),
    click.option(
        "--concurrency",
        type=Counts(1, MOST_WORKERS),
        metavar="LIST",
        help="So many at once, each asking again when it is answered [1].",
    ),
    click.option(
        "--rate",
        "rates_per_s",
        multiple=True,
        type=click.FloatRange(0, MOST_RATE, min_open=True),
        metavar="R",
        help="R requests a second at random, answered or not; may be repeated.",
    ),
    click.option(
        "--rounds",
        type=click.IntRange(1, 10_000),
        metavar="N",
        help="At most N rounds of every row [BENCH_ROUNDS, 50].",
    ),
    click.option(
        "--requests",
        type=click.IntRange(1, 1000),
        metavar="N",
        help="Of each worker in a round [4].",
    ),
    click.option(
        "--precision",
        type=click.FloatRange(0.001, 1),
        metavar="P",
        help="A row is done when its medians are known to within this share of them [0.05].",
    ),
    click.option(
        "--budget",
        "budget_s",
        type=Seconds(),
        metavar="TIME",
        help="Of asking: 90s, 5m [120s]. The first round counts, and is always finished.",
    ),
    click.option(
        "--cooldown",
        "cooldown_s",
        type=Seconds(),
        metavar="TIME",
        help="Rest before another model is asked [0.5s].",
    ),
    click.option(
        "--stream/--no-stream",
        default=None,
        help="Report first tokens and the time between tokens, or whole answers only"
        " [BENCH_STREAM, --stream].",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**31 - 1),
        metavar="N",
        help="Of the order, the arrivals and the resampling [0].",
    ),
)
