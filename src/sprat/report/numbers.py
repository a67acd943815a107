"""How numbers are written: sensible digits, a unit, and "not measured" for `None`.

One place, so that the terminal, the page and the Markdown never disagree about a figure.
"""
# ruff: noqa: RUF001 - real minus, times and range signs, on purpose

import math

NOT_MEASURED = "not measured"


def seconds(value: float | None) -> str:
    """Seconds with three significant digits or so: `0.063 s`, `1.24 s`, `12.4 s`, `3 min 5 s`."""
    if value is None:
        return NOT_MEASURED
    if value >= 120:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes:,} min {rest} s"
    return f"{_digits(value)} s"


def score(value: float | None) -> str:
    """A score of 0..1 as a percentage with one decimal."""
    return NOT_MEASURED if value is None else f"{value * 100:.1f}%"


def score_range(low: float | None, high: float | None) -> str:
    """The interval of a score, in percent; empty where there is none."""
    return "" if low is None or high is None else f"{low * 100:.1f}–{high * 100:.1f}"


def points(value: float | None) -> str:
    """A difference of scores, signed, in score points of 0..100; without its unit."""
    return NOT_MEASURED if value is None else _signed(value * 100)


def points_range(low: float | None, high: float | None) -> str:
    """The interval of a difference, in points; empty where there is none."""
    return "" if low is None or high is None else f"{points(low)} to {points(high)}"


def apart(difference: float | None) -> str:
    """A difference of scores in words: `12.5 points lower`; empty where there is none."""
    if difference is None:
        return ""
    if abs(difference) < 0.0005:
        return "the same"
    return f"{margin(abs(difference))} {'higher' if difference > 0 else 'lower'}"


def margin(value: float) -> str:
    """A margin, unsigned, in points: `5 points`, `2.5 points`."""
    shown = f"{value * 100:.1f}".removesuffix(".0")
    return f"{shown} point{'' if shown == '1' else 's'}"


def size(value: int | None) -> str:
    """Bytes in decimal units: `321 MB`, `1.24 GB`."""
    if value is None:
        return NOT_MEASURED
    amount = float(value)
    for unit in ("B", "kB", "MB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.2f} GB"


def joules(value: float | None) -> str:
    """Energy: `3.1 mJ`, `0.42 J`, `812 J`, `12.3 kJ`."""
    if value is None:
        return NOT_MEASURED
    if 0 < value < 0.01:
        return f"{value * 1000:.2g} mJ"
    return f"{value / 1000:.1f} kJ" if value >= 10_000 else f"{_digits(value)} J"


def rate(value: float | None, unit: str = "") -> str:
    """Something per second."""
    return NOT_MEASURED if value is None else f"{_digits(value)}{unit and ' ' + unit}/s"


def count(value: int | None) -> str:
    """A whole number with thousands separated."""
    return NOT_MEASURED if value is None else f"{value:,}"


def dollars(value: float | None) -> str:
    """Money with two digits that say something: `$0.000042`, `$0.12`, `$1.20`."""
    if value is None:
        return NOT_MEASURED
    places = 2 if abs(value) >= 1 or value == 0 else 1 - math.floor(math.log10(abs(value)))
    return f"{'−' if value < 0 else ''}${abs(value):.{places}f}"


def probability(value: float | None) -> str:
    """A p-value: `0.031`, `< 0.001`."""
    if value is None:
        return NOT_MEASURED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """`1 question`, `1,200 questions`; `many`, where it is not `one` with an s: studies."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def times(small: float | None, large: float | None, more: str, less: str) -> str:
    """How many times `small` is above (`more`) or below (`less`) `large`; empty when unknown."""
    if not small or not large or small < 0 or large < 0:
        return ""
    ratio, word = (small / large, more) if small >= large else (large / small, less)
    if ratio < 1.05:
        return "about the same"
    return f"{ratio:.0f}× {word}" if ratio >= 9.95 else f"{ratio:.1f}× {word}"


def _digits(value: float) -> str:
    size_of = abs(value)
    decimals = 0 if size_of >= 100 else 1 if size_of >= 10 else 2 if size_of >= 0.1 else 3
    return f"{value:,.{decimals}f}"


def _signed(value: float) -> str:
    text = f"{abs(value):.1f}"
    if text == "0.0":
        return "0.0"
    return f"{'−' if value < 0 else '+'}{text}"
