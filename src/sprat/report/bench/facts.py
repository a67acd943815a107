"""What every report says about a benchmark, before anyone decides how it looks."""

from collections.abc import Sequence

import msgspec

from sprat.report import numbers
from sprat.studies.bench.result import (
    BenchResult,
    Cell,
    Condition,
    Estimate,
    Ratio,
    SideSummary,
    Spread,
)

CONDITIONS: dict[Condition, tuple[str, str]] = {
    "warm": (
        "Warm",
        "The model is loaded, and every prompt begins differently: nothing comes from a cache.",
    ),
    "prefix-cached": (
        "Prefix cached",
        "The model is loaded, and the prompts differ only at their end: what they share is kept.",
    ),
    "cold": (
        "Cold",
        "The model's process is started anew for every request, which waits for it to load.",
    ),
}
PHASES: tuple[tuple[str, str, str], ...] = (
    ("send_s", "Send", "due to sent: the load generator, refused attempts"),
    ("load_s", "Load", "wait for the model"),
    ("prepare_s", "Prepare", "render the prompt, cut it into tokens"),
    ("queue_s", "Queue", "wait for the engine"),
    ("first_token_s", "Read", "compute the prompt, up to the first token"),
    ("decode_s", "Write", "first token to last"),
    ("finish_s", "Finish", "last token to done"),
)
"""Fields of `Phases`, their names in a report, and what they mean."""
UNDIVIDED = ("finish_s", "Answer", "compute the prompt and every token, to done")
"""The last phase where first tokens are not told: what came before them is in it."""


class Group(msgspec.Struct, frozen=True):
    """All rows of one condition, in the order of the result."""

    condition: Condition
    name: str
    why: str
    cells: tuple[Cell, ...]


def groups(result: BenchResult) -> list[Group]:
    """The conditions that have rows; they are never pooled."""
    found: list[Group] = []
    for condition, (name, why) in CONDITIONS.items():
        cells = tuple(cell for cell in result.cells if cell.condition == condition)
        if cells:
            found.append(Group(condition, name, why, cells))
    return found


def measured(result: BenchResult) -> list[SideSummary]:
    """The sides that were asked anything; all of them where none was."""
    return [side for side in result.sides if side.requests] or list(result.sides)


def title(result: BenchResult) -> str:
    """The sides: `a beside b`."""
    return " beside ".join(side.name for side in measured(result))


def lengths(cell: Cell) -> str:
    """Tokens in and out as they really were: `131 → 64`."""
    return f"{_tokens(cell.input_tokens)} → {_tokens(cell.real_output_tokens)}"


def load(cell: Cell) -> str:
    """How hard it was asked, in words."""
    if cell.rate_per_s is not None:
        return f"{cell.rate_per_s:g} a second"
    return "alone" if cell.concurrency == 1 else f"{cell.concurrency} at once"


def figure(spread: Spread | None, unit: str = "s") -> str:
    """A median with half its interval: `0.063 s ± 2%`; in `ms` or `/s` by the unit."""
    if spread is None:
        return numbers.NOT_MEASURED
    return _within(_written(spread.p50, unit), spread.p50, spread.p50_low, spread.p50_high)


def estimate(value: Estimate | None) -> str:
    """A rate with half its interval: `81 /s ± 3%`."""
    if value is None:
        return numbers.NOT_MEASURED
    return _within(numbers.rate(value.value), value.value, value.low, value.high)


def p95(spread: Spread | None, unit: str = "s") -> str:
    """The 95th percentile."""
    return numbers.NOT_MEASURED if spread is None else _written(spread.p95, unit)


def ratio_of(cell: Cell, metric: str) -> Ratio | None:
    """The figure beside that of the first side; None where there is none to hold it against."""
    return next((ratio for ratio in cell.ratios if ratio.metric == metric), None)


def ratio_words(ratio: Ratio | None) -> str:
    """How many times as long it takes, with the interval; empty for None."""
    if ratio is None:
        return ""
    if ratio.low is None or ratio.high is None:
        return f"{ratio.value:.2f}×"  # noqa: RUF001 - a real times sign
    return f"{ratio.value:.2f}× ({ratio.low:.2f}–{ratio.high:.2f})"  # noqa: RUF001 - and a range


def short_ratio(ratio: Ratio | None) -> str:
    """The same with half its interval, where there is little room."""
    if ratio is None:
        return ""
    return _within(f"{ratio.value:.2f}×", ratio.value, ratio.low, ratio.high)  # noqa: RUF001


def milliseconds(value: float | None) -> str:
    """Seconds as milliseconds with sensible digits; empty for None."""
    if value is None:
        return ""
    ms = value * 1000
    return f"{ms:,.0f} ms" if ms >= 100 else f"{ms:.1f} ms" if ms >= 10 else f"{ms:.2f} ms"


def headline(result: BenchResult) -> str:
    """The most important thing in a sentence; empty where nothing was answered."""
    cells = [cell for cell in result.cells if cell.answer_s]
    if not cells:
        return "No request was answered."
    first = cells[0]
    beside = [cell for cell in cells[1:] if cell.id == first.id]
    own = (
        f"{first.side} answers {lengths(first)} tokens in {_median(first.answer_s)}"
        f"{f', the first token after {_median(first.ttft_s)}' if first.ttft_s else ''}"
    )
    others = "; ".join(
        f"{cell.side} takes {ratio_words(ratio)} of that"
        for cell in beside
        if (ratio := ratio_of(cell, "answer_s"))
    )
    return f"{own}; {others}." if others else f"{own}."


def energy_reason(result: BenchResult) -> str:
    """Why there are no joules; empty where there are."""
    reasons = {side.energy.source for side in measured(result) if side.energy.joules is None} - {
        None
    }
    why = sorted(str(reason).removeprefix("unavailable: ") for reason in reasons)
    return f"Energy is not measured: {'; '.join(why)}" if why else ""


def phases_of(cells: Sequence[Cell]) -> tuple[tuple[str, str, str], ...]:
    """`PHASES`, the last one by its other name where no row tells first tokens."""
    told = any(cell.phases.first_token_s is not None for cell in cells)
    return PHASES if told else (*PHASES[:-1], UNDIVIDED)


def seen_phases(cells: Sequence[Cell]) -> list[tuple[str, str, str]]:
    """Those in which any row spent time that can be seen."""
    return [
        phase
        for phase in phases_of(cells)
        if any((getattr(cell.phases, phase[0]) or 0.0) >= 0.000_05 for cell in cells)
    ]


def _tokens(count: float | None) -> str:
    return "?" if count is None else f"{count:,.0f}"


def _median(spread: Spread | None) -> str:
    return numbers.NOT_MEASURED if spread is None else numbers.seconds(spread.p50)


def _written(value: float, unit: str) -> str:
    if unit == "ms":
        return milliseconds(value)
    return numbers.rate(value) if unit == "/s" else numbers.seconds(value)


def _within(text: str, middle: float, low: float | None, high: float | None) -> str:
    if low is None or high is None or not middle:
        return text
    half = (high - low) / 2 / middle
    return f"{text} ±{half:.0%}" if half >= 0.01 else f"{text} ±{half:.1%}"


def policies(result: BenchResult) -> list[SideSummary]:
    """The sides that are policies, and answered."""
    return [side for side in measured(result) if side.paths]


def priced(result: BenchResult) -> bool:
    """Whether any side's answers have a price."""
    return any(side.cost_usd_per_answer is not None for side in measured(result))
