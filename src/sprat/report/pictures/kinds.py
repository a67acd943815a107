"""One kind of question in a row: both scores, and the difference with its interval."""

from markupsafe import Markup

from sprat.report import numbers
from sprat.report.pictures.svg import Scale, box, line, mark, picture, text
from sprat.report.pictures.verdict import difference_scale
from sprat.studies.comparison import KindSummary

HEIGHT, MIDDLE = 34, 17
SCORES = Scale(-0.04, 1.04)


def kinds_scale(kinds: tuple[KindSummary, ...], margin: float) -> Scale:
    """One scale for the differences of all kinds."""
    ends = [end for kind in kinds for end in (kind.low, kind.high, kind.difference)]
    return difference_scale([end for end in ends if end is not None], margin)


def scores_picture(kind: KindSummary) -> Markup:
    """Both scores on 0..100%, joined."""
    small, large = kind.small_score, kind.large_score
    rules = [line(SCORES(at), 0, SCORES(at), HEIGHT, "grid") for at in (0, 0.5, 1)]
    if small is None or large is None:
        return picture(HEIGHT, "Not measured", rules)
    # Equal scores would hide one mark behind the other.
    apart = 5 if abs(SCORES(small) - SCORES(large)) < 3 else 0
    label = f"small {numbers.score(small)}, large {numbers.score(large)}"
    return picture(
        HEIGHT,
        label,
        [
            *rules,
            line(SCORES(small), MIDDLE, SCORES(large), MIDDLE, "joint"),
            mark("large", SCORES(large), MIDDLE + apart, f"large {numbers.score(large)}"),
            mark("small", SCORES(small), MIDDLE - apart, f"small {numbers.score(small)}"),
        ],
    )


def difference_picture(kind: KindSummary, scale: Scale, margin: float) -> Markup:
    """The difference of one kind, against zero and the margin."""
    ground = [
        box(0, scale(-margin), 0, HEIGHT, "region-worse"),
        line(scale(0), 0, scale(0), HEIGHT, "zero"),
        line(scale(-margin), 0, scale(-margin), HEIGHT, "margin"),
    ]
    if kind.difference is None:
        return picture(HEIGHT, "Not measured", ground)
    at, low, high = kind.difference, kind.low, kind.high
    whisker = [] if low is None or high is None else [line(
        scale(low), MIDDLE, scale(high), MIDDLE, "whisker"
    )]  # fmt: skip
    label = f"{numbers.points(at)} points, interval {numbers.points_range(low, high) or 'unknown'}"
    point = line(scale(at), MIDDLE - 8, scale(at), MIDDLE + 8, "interval-middle")
    return picture(HEIGHT, label, [*ground, *whisker, point])


def scores_axis() -> Markup:
    """The axis of the scores' column."""
    ticks = [text(SCORES(at), 13, f"{at:.0%}") for at in (0, 0.5, 1)]
    return picture(18, "Score from 0 to 100%", ticks)


def difference_axis(scale: Scale, margin: float) -> Markup:
    """The axis of the differences' column."""
    edge = scale(-margin)
    shown = [value for value in scale.ticks(4) if abs(scale(value) - edge) > 14]
    ticks = [text(scale(value), 13, _tick(value), "tick minor") for value in shown]
    end = text(edge, 13, _tick(-margin), "tick strong")
    return picture(18, "Difference in points", [*ticks, end])


def _tick(value: float) -> str:
    return "0" if value == 0 else numbers.points(value).removesuffix(".0")
