"""The table of `browser.py`: medians over the rounds, ratios to the best of the others.

An interval is 95%, by whole rounds (`sprat.runs.blocks`); under three rounds there is none.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any

from sprat.runs.blocks import Rounds, median_ratio_interval

OURS = "ours"
NAMES = {OURS: "Sprat", "transformers": "transformers.js 4.3.1", "wllama": "wllama 3.13.0"}
FIGURES = ("cold_s", "second_s", "first_s", "tokens_per_s")
MORE_IS_BETTER = frozenset({"tokens_per_s"})
HEAD = "| threads | side | rounds | first start | second | first token | tokens/s |"

Results = Sequence[dict[str, Any]]


def table(results: Results) -> str:
    """One row per side and number of threads; below them ours against the best of the others."""
    lines = [HEAD, "|" + "---|" * 7]
    for threads in sorted({one["threads"] for one in results}):
        own = [one for one in results if one["threads"] == threads]
        sides = {side: of_side(own, side) for side in NAMES}
        lines += [_row(threads, side, sides[side]) for side in NAMES if sides[side]]
        others = [sides[side] for side in NAMES if side != OURS and sides[side]]
        if sides[OURS] and others:
            lines.append(_ratios(threads, sides[OURS], others))
    return "\n".join(lines)


def of_side(results: Results, side: str) -> Results:
    """What is known of one, by round."""
    return sorted((one for one in results if one["side"] == side), key=lambda one: one["round"])


def values(rounds: Results, figure: str) -> Rounds:
    """One list a round: of a start its one time, of answers what each question took."""
    found = [one[figure] for one in rounds]
    return [one if isinstance(one, list) else [one] for one in found]


def middle(rounds: Results, figure: str) -> float:
    """The median over everything that was measured."""
    return median(value for one in values(rounds, figure) for value in one)


def better(ours: Results, others: Sequence[Results], figure: str) -> str:
    """How many times better ours is than the best of the others, by the rounds that both have."""
    more = figure in MORE_IS_BETTER
    best = (max if more else min)(others, key=lambda rounds: middle(rounds, figure))
    above, below = (ours, best) if more else (best, ours)
    return _ratio(above, figure, below, figure)


def _ratio(above: Results, figure: str, below: Results, other: str) -> str:
    both = {one["round"] for one in above} & {one["round"] for one in below}
    above, below = ([one for one in rounds if one["round"] in both] for rounds in (above, below))
    if not both:
        return "no round of both"
    ratio = middle(above, figure) / middle(below, other)
    found = median_ratio_interval(values(above, figure), values(below, other))
    return f"{ratio:.2f}" + (f" ({found.low:.2f} to {found.high:.2f})" if found else "")


def _row(threads: int, side: str, rounds: Results) -> str:
    cold, second, first, rate = (middle(rounds, figure) for figure in FIGURES)
    share = _ratio(rounds, "second_s", rounds, "cold_s")
    start = f"| {threads} | {NAMES[side]} | {len(rounds)} | {cold:.2f} s "
    return f"{start}| {second:.2f} s; of the first: {share} | {first:.2f} s | {rate:.1f} |"


def _ratios(threads: int, ours: Results, others: Sequence[Results]) -> str:
    shown = " | ".join(better(ours, others, figure) for figure in FIGURES)
    return f"| {threads} | times better than the best of the others | | {shown} |"
