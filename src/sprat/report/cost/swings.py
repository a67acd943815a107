"""What moves the outcome, in words: the rows beside the bars, and all that a terminal shows."""

from collections.abc import Sequence

from sprat.cost.result import CostForecast, OptionCost, Swing
from sprat.report.cost import words

MOST_SWINGS = 8
"""What moves the cost less than these is not worth a reader's time."""
MOST_TORNADOES = 3


def swings_by_option(found: CostForecast) -> list[tuple[OptionCost, list[Swing]]]:
    """What moves the outcome most, of the cheapest options with a machine."""
    priced = [one for one in found.options if one.machines is not None and one.total_usd]
    priced.sort(key=lambda one: one.total_usd.value if one.total_usd else 0.0)
    pairs = [
        (one, [swing for swing in found.sensitivity if swing.option == one.id][:MOST_SWINGS])
        for one in priced[:MOST_TORNADOES]
    ]
    return [(one, swings) for one, swings in pairs if swings]


SWING_HEADS = (
    "assumption",
    "from, to",
    "per 1,000 requests",
    "saved against the cloud",
    "break-even month",
)


def swing_rows(found: CostForecast, swings: Sequence[Swing]) -> list[tuple[str, ...]]:
    """One option's, in words: what each figure is at the low end, and at the high end."""
    return [
        (
            one.title,
            f"{words.quantity(one.low_value)} to {words.quantity(one.high_value)}",
            _pair(words.amount(one.usd_per_1000_low), words.amount(one.usd_per_1000_high)),
            _pair(words.saved(one.saved_usd_low), words.saved(one.saved_usd_high)),
            _months(found, one),
        )
        for one in swings
    ]


def _months(found: CostForecast, one: Swing) -> str:
    if found.rival is None:
        return ""
    ends = (one.break_even_low, one.break_even_high)
    return _pair(*(words.month(end, found.months) for end in ends))


def _pair(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
