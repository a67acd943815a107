"""Where things lie in a picture with two axes, and lines and shapes through points of it."""

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from sprat.report.pictures.svg import Scale, tag


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """Where things lie: across in percent of the width, down in pixels."""

    across: Scale
    low: float
    high: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        """Pixels from the top."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.bottom - min(1.0, max(0.0, share)) * (self.bottom - self.top)

    def path(self, points: Sequence[tuple[float, float]], class_: str, name: str) -> Markup:
        """A line, or a filled shape, through points; the lines stay as thin as they are."""
        height = self.bottom - self.top
        drawn = " ".join(
            f"{self.across(x) * 10:.1f},{1000 * (self.y(y) - self.top) / height:.1f}"
            for x, y in points
        )
        shape = tag(name, points=drawn, class_=class_, vector_effect="non-scaling-stroke")
        return tag(
            "svg", shape, x=0, y=self.top, width="100%", height=height, viewBox="0 0 1000 1000",
            preserveAspectRatio="none", overflow="visible",
        )  # fmt: skip

    def curve(self, points: Sequence[tuple[float, float]], class_: str) -> Markup:
        """A line."""
        return self.path(points, f"line {class_}", "polyline")
