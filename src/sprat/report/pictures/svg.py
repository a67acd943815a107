"""The few SVG pieces that every picture is made of. All text and attributes are escaped."""

import math
from collections.abc import Iterable, Sequence

import msgspec
from markupsafe import Markup, escape


class Scale(msgspec.Struct, frozen=True):
    """From data to a percentage of the width."""

    low: float
    high: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Where a value lies, 0..100; values outside are clamped to the edge."""
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(max(value, 1e-9))
        share = (at - low) / (high - low) if high > low else 0.5
        return 100 * min(1.0, max(0.0, share))

    def ticks(self, about: int = 5) -> list[float]:
        """Round values along the scale."""
        if self.logarithmic:
            return _log_ticks(self.low, self.high)
        return _linear_ticks(self.low, self.high, about)


def _linear_ticks(low: float, high: float, about: int) -> list[float]:
    if high <= low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 3) if len(decades) > 2 else (1, 2, 5)
    candidates = [n * 10.0**decade for decade in decades for n in steps]
    return [value for value in candidates if low <= value <= high]


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """One element; `stroke_width` becomes `stroke-width`, `class_` becomes `class`."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _attribute(value))
        for key, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inside)  # noqa: S704 - our own element names


def _attribute(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def pct(value: float) -> str:
    """A percentage as an attribute."""
    return f"{value:.2f}%"


def picture(height: int, label: str, children: Iterable[object]) -> Markup:
    """A picture as wide as its place. `label` says what a reader who cannot see it must know."""
    return tag(
        "svg",
        *children,
        width="100%",
        height=height,
        role="img",
        aria_label=label,
        class_="picture",
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return tag("line", x1=pct(x1), x2=pct(x2), y1=y1, y2=y2, class_=class_)


def box(x1: float, x2: float, y: float, height: float, class_: str) -> Markup:
    """A filled rectangle from `x1` to `x2` percent."""
    width = pct(max(0.0, x2 - x1))
    return tag("rect", x=pct(x1), width=width, y=y, height=height, class_=class_)


def text(x: float, y: float, words: object, class_: str = "tick") -> Markup:
    """Words, anchored by their class; near the edges they turn inwards."""
    anchor = "start" if x < 4 else "end" if x > 96 else "middle"
    return tag("text", words, x=pct(x), y=y, text_anchor=anchor, class_=class_)


def mark(role: str, x: float, y: float, title: str = "", class_: str = "") -> Markup:
    """The sign of a side: a disc for the small model, a diamond for the large one."""
    said = [tag("title", title)] if title else []
    names = f"mark {role} {class_}".strip()
    if role == "small":
        return tag("circle", *said, cx=pct(x), cy=y, r=6, class_=names)
    diamond = tag("path", *said, d="M0-7.5 7.5 0 0 7.5-7.5 0Z", class_=names)
    return tag("svg", diamond, x=pct(x), y=y, overflow="visible")


def steps(points: Sequence[tuple[float, float]], y: float, height: float, class_: str) -> Markup:
    """A line through (percent, 0..1 from the bottom) points, stretched without thickening."""
    path = " ".join(f"{x * 10:.1f},{(1 - share) * 1000:.1f}" for x, share in points)
    shape = tag(
        "polyline", points=path, class_=class_, fill="none", vector_effect="non-scaling-stroke"
    )
    return tag(
        "svg", shape, x=0, y=y, width="100%", height=height, viewBox="0 0 1000 1000",
        preserveAspectRatio="none",
    )  # fmt: skip
