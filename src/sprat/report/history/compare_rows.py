"""What is said of two runs, before anyone decides how it looks."""
# ruff: noqa: RUF001 - real minus signs, on purpose

from collections.abc import Callable, Mapping
from typing import Literal

from sprat.report import numbers
from sprat.studies.evaluation.change import Decision, SideOf
from sprat.studies.history.compare import RunComparison
from sprat.studies.history.figures import Figure

Tone = Literal["good", "bad", "open"]
Row = tuple[str, ...]

HEADS: Mapping[Decision, tuple[str, Tone]] = {
    "regression": ("Regression", "bad"),
    "improvement": ("Improvement", "good"),
    "no evidence": ("No evidence of a change", "open"),
    "too few": ("Too few questions to tell", "open"),
}
SIDES = ("", "before", "now")
MEASURES = ("mean per answer", "before", "now", "change", "95% interval", "n")
GRADES = ("grade, 1 to 5", "by", "before", "now", "change", "95% interval", "n")
MOVED = ("question", "kind", "before", "now")
_NAMES = {
    "first token": "First token", "answer": "Whole answer", "tokens in": "Tokens in",
    "tokens out": "Tokens out", "energy": "Energy",
}  # fmt: skip


def side_rows(compared: RunComparison) -> list[Row]:
    """Which two runs these are, and how each scores on what they have in common."""
    change = compared.change
    both = (change.before, change.now)
    return [
        ("Run", *(f"{side.run}:{side.role}" for side in both)),
        ("Model", *(side.model for side in both)),
        ("Made", *(f"{side.created.replace('T', ' ')[:16]} UTC" for side in both)),
        ("Score", *(numbers.score(side.score) for side in both)),
        ("Right", *(_right(side, change.n) for side in both)),
    ]


def difference_words(compared: RunComparison) -> str:
    """The difference with its interval, in points; how it was tested."""
    change = compared.change
    if change.difference is None:
        return ""
    level = f"{100 * (1 - 2 * change.significance):g}%"
    p = min(p for p in (change.p_worse, change.p_better) if p is not None)
    tested = f"p {'' if p < 0.001 else '= '}{numbers.probability(p)}"
    bar = f", margin {numbers.margin(change.margin)}" if change.margin else ""
    return (
        f"{numbers.points(change.difference)} points ({level} interval "
        f"{numbers.points_range(change.low, change.high)}), {tested} one-sided by "
        f"{_METHODS.get(change.method, change.method)} at {change.significance:g}{bar}"
    )


_METHODS = {
    "mcnemar": "McNemar's exact mid-p test",
    "flips": "a randomisation test of the paired differences",
    "sampled flips": "a randomisation test of the paired differences",
    "score test": "the paired score test",
}


def measure_rows(compared: RunComparison) -> list[Row]:
    """Seconds, tokens, joules."""
    return [_measure(figure) for figure in compared.figures]


def grade_rows(compared: RunComparison) -> list[Row]:
    """The rubric's grades."""
    return [
        (
            one.dimension.capitalize(),
            one.by,
            f"{one.before:.2f}",
            f"{one.now:.2f}",
            signed(one.difference, 2),
            "" if one.low is None else f"{signed(one.low, 2)} to {signed(one.high or 0, 2)}",
            str(one.n),
        )
        for one in compared.grades
    ]


def moved_rows(compared: RunComparison, most: int) -> list[Row]:
    """Questions whose score is not what it was, the worst first."""
    moved = compared.change.moved
    if len(moved) > most:  # both ends are of interest
        moved = (*moved[: most - most // 2], *moved[len(moved) - most // 2 :])
    return [
        (one.question, one.kind, mark(one.before, right=one.right_before),
         mark(one.now, right=one.right_now))
        for one in moved
    ]  # fmt: skip


def left_out(compared: RunComparison) -> list[str]:
    """Questions that say nothing of the change, and why."""
    change = compared.change
    lines = [
        (len(change.changed_questions), "of another content under the same id"),
        (change.only_before, "asked only before"),
        (change.only_now, "asked only now"),
        (change.unscored, "without a score on one side"),
    ]
    return [f"{n} {why}" for n, why in lines if n]


def mark(score: float, *, right: bool) -> str:
    """`✓ 1.00`, `✕ 0.00`."""
    return f"{'✓' if right else '✕'} {score:.2f}"


def signed(value: float, places: int) -> str:
    """With its sign, and a real minus."""
    text = f"{abs(value):.{places}f}"
    return text if float(text) == 0 else f"{'−' if value < 0 else '+'}{text}"


def _right(side: SideOf, n: int) -> str:
    return f"{side.right} of {n}"


def _measure(figure: Figure) -> Row:
    shown = _UNITS[figure.unit]
    name = _NAMES.get(figure.name, figure.name)
    if figure.difference is None:
        return (name, numbers.NOT_MEASURED, numbers.NOT_MEASURED, "", "", "0")
    low, high = figure.low, figure.high
    between = "" if low is None or high is None else f"{_of(low, shown)} to {_of(high, shown)}"
    return (
        name, shown(figure.before), shown(figure.now), _of(figure.difference, shown), between,
        str(figure.n),
    )  # fmt: skip


def _of(value: float, shown: Callable[[float | None], str]) -> str:
    text = shown(abs(value))
    if not any(digit in text for digit in "123456789"):
        return text
    return f"{'−' if value < 0 else '+'}{text}"


def _tokens(value: float | None) -> str:
    return numbers.NOT_MEASURED if value is None else f"{value:,.1f}"


_UNITS: Mapping[str, Callable[[float | None], str]] = {
    "s": numbers.seconds, "tokens": _tokens, "J": numbers.joules,
}  # fmt: skip
