"""The interval of the difference, drawn against the margin."""

from markupsafe import Markup

from sprat.report import numbers
from sprat.report.pictures.svg import Scale, box, line, picture, text
from sprat.studies.comparison import VerdictSummary

HEIGHT = 146
TOP, BOTTOM, MIDDLE = 24, 104, 68


def interval_picture(verdict: VerdictSummary) -> Markup:
    """Where the difference lies, and on which side of the margin. Empty without an interval."""
    low, high, middle = verdict.low, verdict.high, verdict.difference
    if low is None or high is None or middle is None:
        return Markup()
    scale = difference_scale([low, high], verdict.margin)
    return picture(
        HEIGHT,
        _label(verdict),
        [
            *_ground(scale, verdict.margin),
            box(scale(low), scale(high), MIDDLE - 5, 10, "interval"),
            line(scale(low), MIDDLE - 11, scale(low), MIDDLE + 11, "interval-end"),
            line(scale(high), MIDDLE - 11, scale(high), MIDDLE + 11, "interval-end"),
            line(scale(middle), MIDDLE - 15, scale(middle), MIDDLE + 15, "interval-middle"),
            text(scale(middle), MIDDLE - 21, numbers.points(middle), "value"),
        ],
    )


def difference_scale(values: list[float], margin: float) -> Scale:
    """A scale that holds the values, zero and the margin on both sides, with some air."""
    low, high = min([*values, -2 * margin, -0.02]), max([*values, 2 * margin, 0.02])
    air = (high - low) * 0.06
    return Scale(max(-1.0, low - air), min(1.0, high + air))


def _ground(scale: Scale, margin: float) -> list[Markup]:
    edge = scale(-margin)
    return [
        box(0, edge, TOP, BOTTOM - TOP, "region-worse"),
        box(edge, 100, TOP, BOTTOM - TOP, "region-fine"),
        text(0, TOP - 9, "◂ not good enough", "region"),
        text(100, TOP - 9, "good enough ▸", "region"),
        line(scale(0), TOP, scale(0), BOTTOM, "zero"),
        line(edge, TOP - 4, edge, BOTTOM + 22, "margin"),
        *_ticks(scale, BOTTOM, margin),
    ]


def _ticks(scale: Scale, bottom: float, margin: float) -> list[Markup]:
    """The axis: round values, and below them the margin."""
    clear = [value for value in scale.ticks() if abs(scale(value) - scale(-margin)) > 3]
    ticks = [text(scale(value), bottom + 17, _tick(value)) for value in clear]
    name = f"margin {numbers.points(-margin).removesuffix('.0')}"
    return [*ticks, text(scale(-margin), bottom + 35, name, "tick strong")]


def _tick(value: float) -> str:
    return "equal" if value == 0 else numbers.points(value).removesuffix(".0")


def _label(verdict: VerdictSummary) -> str:
    between = numbers.points_range(verdict.low, verdict.high)
    return (
        f"The difference is {numbers.points(verdict.difference)} points, with an interval of "
        f"{between}; the margin is {numbers.points(-verdict.margin)} points."
    )
