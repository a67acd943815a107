"""The verdict as one low strip: the difference and its interval, beside the margin."""

from markupsafe import Markup

from sprat.report import numbers
from sprat.report.pictures.svg import box, line, picture, text
from sprat.report.pictures.verdict import difference_scale
from sprat.studies.comparison import VerdictSummary

HEIGHT = 62
TOP, BOTTOM, MIDDLE = 18, 42, 30


def strip(verdict: VerdictSummary) -> Markup:
    """Where the difference lies, and on which side of the margin. Empty without an interval."""
    low, high, middle = verdict.low, verdict.high, verdict.difference
    if low is None or high is None or middle is None:
        return Markup()
    scale = difference_scale([low, high], verdict.margin)
    edge = scale(-verdict.margin)
    between = numbers.points_range(low, high)
    label = (
        f"The difference is {numbers.points(middle)} points, with an interval of {between}; the "
        f"margin is {numbers.points(-verdict.margin)} points."
    )
    return picture(
        HEIGHT,
        label,
        [
            box(0, edge, TOP, BOTTOM - TOP, "region-worse"),
            box(edge, 100, TOP, BOTTOM - TOP, "region-fine"),
            text(0, TOP - 6, "◂ not good enough", "region"),
            text(100, TOP - 6, "good enough ▸", "region"),
            line(scale(0), TOP, scale(0), BOTTOM, "zero"),
            line(edge, TOP - 3, edge, BOTTOM + 4, "margin"),
            box(scale(low), scale(high), MIDDLE - 3, 6, "interval"),
            line(scale(middle), MIDDLE - 9, scale(middle), MIDDLE + 9, "interval-middle"),
            text(scale(middle), BOTTOM + 16, f"{numbers.points(middle)} points", "tick strong"),
            *_margin(scale(middle), edge, verdict.margin),
        ],
    )


def _margin(middle: float, edge: float, margin: float) -> list[Markup]:
    """The margin's own number, where it does not stand in the other's way."""
    if abs(middle - edge) < 22:
        return []
    name = f"margin {numbers.points(-margin).removesuffix('.0')}"
    return [text(edge, BOTTOM + 16, name, "tick")]
