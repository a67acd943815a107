"""The interval of a change of scores, around "the same"."""

from markupsafe import Markup

from sprat.report import numbers
from sprat.report.pictures.svg import Scale, box, line, picture, text
from sprat.studies.evaluation.change import Change

HEIGHT, TOP, BOTTOM, MIDDLE = 128, 24, 96, 62


def change_picture(change: Change) -> Markup:
    """Where the difference lies. Empty without an interval."""
    low, high, middle = change.low, change.high, change.difference
    if low is None or high is None or middle is None:
        return Markup()
    reach = 1.15 * max(abs(low), abs(high), change.margin, 0.02)
    scale = Scale(-min(1.0, reach), min(1.0, reach))
    said = (
        f"Now minus before: {numbers.points(middle)} points, with an interval of "
        f"{numbers.points_range(low, high)}."
    )
    return picture(HEIGHT, said, [*_ground(scale, change.margin), *_bar(scale, low, middle, high)])


def _ground(scale: Scale, margin: float) -> list[Markup]:
    worse, better = scale(-margin), scale(margin)
    ticks = [text(scale(v), BOTTOM + 17, _tick(v)) for v in scale.ticks()]
    return [
        box(0, worse, TOP, BOTTOM - TOP, "region-worse"),
        box(better, 100, TOP, BOTTOM - TOP, "region-fine"),
        text(0, TOP - 9, "◂ worse now", "region"),
        text(100, TOP - 9, "better now ▸", "region"),
        line(scale(0), TOP, scale(0), BOTTOM, "zero"),
        *ticks,
    ]


def _bar(scale: Scale, low: float, middle: float, high: float) -> list[Markup]:
    return [
        box(scale(low), scale(high), MIDDLE - 5, 10, "interval"),
        line(scale(low), MIDDLE - 11, scale(low), MIDDLE + 11, "interval-end"),
        line(scale(high), MIDDLE - 11, scale(high), MIDDLE + 11, "interval-end"),
        line(scale(middle), MIDDLE - 15, scale(middle), MIDDLE + 15, "interval-middle"),
        text(scale(middle), MIDDLE - 19, numbers.points(middle), "value"),
    ]


def _tick(value: float) -> str:
    return "the same" if value == 0 else numbers.points(value).removesuffix(".0")
