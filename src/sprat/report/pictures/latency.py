"""How long things took: distributions, and where the seconds of an answer go."""

from collections.abc import Callable, Sequence
from statistics import fmean, median

import msgspec
from markupsafe import Markup

from sprat.report import numbers
from sprat.report.facts import Side
from sprat.report.pictures.svg import Scale, box, line, mark, picture, steps, text
from sprat.studies.comparison import Answer

HEIGHT, TOP, BOTTOM = 250, 16, 216
MAX_POINTS = 240
"""More points than this change nothing that an eye can see."""

Read = Callable[[Answer], float | None]
PHASES: tuple[tuple[str, str], ...] = (
    ("Prepare", "render the prompt, count its tokens"),
    ("Queue", "wait for the engine"),
    ("Load", "wait for the model"),
    ("Read", "compute the prompt, up to the first text"),
    ("Write", "first text to last"),
    ("Finish", "last text to done"),
)


def distribution_picture(name: str, small: Side, large: Side, read: Read) -> Markup:
    """Share of answers that took at most so many seconds, both sides. Empty without two values."""
    both = {"small": _values(small, read), "large": _values(large, read)}
    everything = [value for values in both.values() for value in values if value > 0]
    if len(everything) < 2 or not all(both.values()):
        return Markup()
    scale = _time_scale(everything)
    curves = [_curve(role, sorted(values), scale) for role, values in both.items()]
    marks = [_median(role, values, scale) for role, values in both.items()]
    said = "; ".join(f"{role}: median {numbers.seconds(median(v))}" for role, v in both.items())
    return picture(HEIGHT, f"{name}. {said}.", [*_frame(scale), *curves, *marks])


def _values(side: Side, read: Read) -> list[float]:
    found = (read(answer) for answer in side.answers.values() if answer.error is None)
    return [value for value in found if value is not None]


def _time_scale(values: list[float]) -> Scale:
    low, high = min(values), max(values)
    if high / low > 12:
        return Scale(low / 1.15, high * 1.15, logarithmic=True)
    return Scale(0, high * 1.06)


def _frame(scale: Scale) -> list[Markup]:
    rules = [line(0, _y(share), 100, _y(share), "grid") for share in (0, 0.25, 0.5, 0.75, 1)]
    sides = [text(0, _y(share) - 4, f"{share:.0%}") for share in (0.5, 1)]
    ticks = [text(scale(value), BOTTOM + 18, _tick(value)) for value in scale.ticks()]
    kind = "seconds, logarithmic" if scale.logarithmic else "seconds"
    return [*rules, *sides, *ticks, text(50, BOTTOM + 33, kind)]


def _y(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)


def _tick(value: float) -> str:
    return f"{value:g}"


def _curve(role: str, ordered: Sequence[float], scale: Scale) -> Markup:
    n = len(ordered)
    stride = max(1, n // MAX_POINTS)
    kept = [*range(0, n, stride), n - 1]
    points: list[tuple[float, float]] = [(scale(ordered[0]), 0.0)]
    for index in kept:
        x = scale(ordered[index])
        points += [(x, points[-1][1]), (x, (index + 1) / n)]
    return steps([*points, (100, 1.0)], TOP, BOTTOM - TOP, f"curve {role}")


def _median(role: str, values: Sequence[float], scale: Scale) -> Markup:
    middle = median(values)
    return mark(role, scale(middle), _y(0.5), f"{role}: median {numbers.seconds(middle)}")


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """Mean seconds of one phase of an answer on both sides."""

    name: str
    note: str
    small: float | None
    large: float | None
    bars: Markup


def phases(small: Side, large: Side) -> list[Phase]:
    """Where the mean answer's seconds go. A phase that takes nobody any time is left out."""
    means = [(_mean_phases(small), _mean_phases(large))]
    rows = [
        (name, note, means[0][0][index], means[0][1][index])
        for index, (name, note) in enumerate(PHASES)
    ]
    rows = [row for row in rows if (row[2] or 0) + (row[3] or 0) > 0.0005]
    longest = max((value or 0 for row in rows for value in row[2:]), default=0)
    return [
        Phase(name=name, note=note, small=a, large=b, bars=_bars(name, a, b, longest))
        for name, note, a, b in rows
    ]


def _mean_phases(side: Side) -> list[float | None]:
    rows = [split(answer.timing) for answer in side.answers.values() if answer.error is None]
    columns = [[row[index] for row in rows] for index in range(len(PHASES))]
    known = [[value for value in column if value is not None] for column in columns]
    return [fmean(column) if column else None for column in known]


def split(timing: dict[str, float | None]) -> list[float | None]:
    """The six phases of one answer; they add up to its `answer_s`."""
    prepare, queue, load = (timing.get(key) for key in ("prepare_s", "queue_s", "load_s"))
    if prepare is not None and load is not None:  # the wait for a load is within `prepare_s`
        prepare = max(0.0, prepare - load)
    first, decode, whole = (timing.get(key) for key in ("ttft_s", "decode_s", "answer_s"))
    before = sum(value or 0 for value in (prepare, queue, load))
    read = None if first is None else max(0.0, first - before)
    end = None if None in (first, whole) else max(0.0, whole - first - (decode or 0))  # type: ignore[operator] # neither is None here
    return [prepare, queue, load, read, decode, end]


def _bars(name: str, small: float | None, large: float | None, longest: float) -> Markup:
    scale = Scale(0, longest or 1)
    said = f"{name}: small {numbers.seconds(small)}, large {numbers.seconds(large)}"
    bars = [
        box(0, scale(value or 0), y, 9, f"bar {role}")
        for role, value, y in (("small", small, 4), ("large", large, 17))
    ]
    return picture(30, said, bars)
