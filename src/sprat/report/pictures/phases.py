"""Where the seconds of one answer went: one bar, cut into its phases."""

from markupsafe import Markup

from sprat.report import numbers
from sprat.report.pictures.latency import PHASES, split
from sprat.report.pictures.svg import Scale, pct, picture, tag

HEIGHT = 22

Timed = dict[str, float | None]
"""As `studies.tally.timing_of` has it."""


def phases_of(timing: Timed) -> list[tuple[int, str, str, str]]:
    """Number, name, what it is, seconds of each phase that took any time."""
    parts = zip(PHASES, split(timing), strict=True)
    return [
        (place, name, note, numbers.seconds(value))
        for place, ((name, note), value) in enumerate(parts)
        if value and value > 0.000_05
    ]


def bar_of(timing: Timed) -> Markup:
    """The bar; empty where no time is known."""
    values = [value or 0.0 for value in split(timing)]
    if not (whole := sum(values)):
        return Markup()
    scale, at = Scale(0, whole), 0.0
    pieces: list[Markup] = []
    for place, value in enumerate(values):
        start, at = scale(at), at + value
        width = pct(max(0.0, scale(at) - start))
        pieces.append(
            tag("rect", x=pct(start), width=width, y=3, height=16, class_=f"phase p{place}")
        )
    said = ", ".join(f"{name} {value}" for _, name, _, value in phases_of(timing))
    return picture(HEIGHT, f"Where the time went: {said}.", pieces)
