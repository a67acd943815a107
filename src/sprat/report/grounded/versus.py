"""Two evaluations side by side, on a terminal."""

from typing import TYPE_CHECKING

from sprat.report import numbers
from sprat.report.grounded.words import LABELS
from sprat.report.terminal import Page, cells, table_of
from sprat.runs.statistics import Decision
from sprat.studies.grounded.versus import Difference, Versus

if TYPE_CHECKING:
    from rich.console import Console

_HEADS: dict[Decision, str] = {
    "good-enough": "Good enough",
    "not-good-enough": "Not good enough",
    "inconclusive": "Inconclusive",
}
_LABELS = {"right": "Right", "abstention_recall": "Silent where nothing is said"}


def headline(found: Versus) -> str:
    """The verdict in two words."""
    return _HEADS[found.decision]


def sentence(found: Versus) -> str:
    """The verdict with its reason."""
    first, second = found.names
    if found.difference is None:
        return "No question says what is right, so nothing can be decided."
    more = "" if found.n_needed is None else f" About {found.n_needed} questions would decide it."
    return (
        f"{first} ({found.first}) beside {second} ({found.second}), on {found.n} questions: "
        f"{_apart(found.difference)} right (95% "
        f"{numbers.points_range(found.low, found.high)}; margin {numbers.margin(found.margin)}). "
        f"Only the first is right on {found.first_only_right}, only the second on "
        f"{found.second_only_right}: McNemar p {numbers.probability(found.mcnemar_p)}.{more}"
    )


def _apart(difference: float) -> str:
    if abs(difference) < 0.0005:
        return "as many"
    return f"{numbers.margin(abs(difference))} {'more' if difference > 0 else 'fewer'}"


def print_versus(found: Versus, console: "Console") -> None:
    """Write the comparison to a `rich` console."""
    page = Page(console)
    page.say()
    page.say(headline(found), "bold")
    page.say(sentence(found))
    page.say()
    heads = ("", "left"), ("first", "right"), ("second", "right"), ("difference", "right")
    table = table_of(page, *heads, ("95% interval", "left"), ("n", "right"))
    for line in found.differences:
        table.add_row(*cells(page, *_row(line)))
    page.show(table)
    page.say()
    if found.left_out:
        page.say(f"Note: {found.left_out} questions are not in both, and left out.", "yellow")


def _row(line: Difference) -> tuple[str, ...]:
    if line.name == "seconds":
        low, high = line.low, line.high
        between = "" if low is None or high is None else f"{low:+.2f} to {high:+.2f} s"
        amounts = (numbers.seconds(line.first), numbers.seconds(line.second))
        return "Seconds, mean", *amounts, f"{line.difference:+.2f} s", between, str(line.n)
    label = _LABELS.get(line.name) or LABELS[line.name][0]
    amounts = (numbers.score(line.first), numbers.score(line.second))
    between = numbers.points_range(line.low, line.high)
    return label, *amounts, numbers.points(line.difference), between, str(line.n)
