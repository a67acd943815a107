"""Pictures of policies as files of their own, for Markdown pages, light or dark."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from sprat.policies.curve import Spot
from sprat.report.pictures.svg import box, mark, picture, tag
from sprat.report.policy.pictures import HEIGHT, frame_of, plot_of
from sprat.studies.hybrid.result import Curves

WIDTH = 760
MOST = 5
"""Lines that can be told apart."""
KEY_Y = (12, 34)

STYLE = """
svg { font: 13px system-ui, sans-serif; color-scheme: light dark; --ink: #1a1d21; --soft: #5a616b;
  --rule: #e2e3e0; --small: #0b62b0; --large: #b04a06; --good: #17703f; --paper: #fdfdfc;
  --p1: #7a3fb8; --p2: #0b62b0; --p3: #b3261e; --p4: #865e00; }
@media (prefers-color-scheme: dark) { svg { --ink: #e9eaec; --soft: #a6adb8; --rule: #31353c;
  --small: #72b7f5; --large: #f2a25c; --good: #62cf92; --paper: #15171b;
  --p1: #c29bf0; --p2: #72b7f5; --p3: #f58e85; --p4: #e5bb55; } }
.ground { fill: var(--paper); } text { fill: var(--soft); } text.strong { fill: var(--ink); }
.grid { stroke: var(--rule); } .mark { stroke: var(--paper); }
.mark.small { fill: var(--small); } .mark.large { fill: var(--large); }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.line.policy { stroke: var(--good); }
.line.random { stroke: var(--soft); stroke-dasharray: 6 4; stroke-width: 1.6; }
.line.oracle { stroke: var(--soft); stroke-dasharray: 1.5 4; stroke-width: 1.8;
  stroke-linecap: round; }
.band { fill: var(--good); opacity: 0.14; stroke: none; } .dot { fill: var(--good); }
.ring { fill: none; stroke: var(--ink); stroke-width: 2; } .pin { fill: var(--ink); }
.line.p0 { stroke: var(--good); stroke-width: 2.8; } .line.p1 { stroke: var(--p1); }
.line.p2 { stroke: var(--p2); } .line.p3 { stroke: var(--p3); } .line.p4 { stroke: var(--p4); }
"""


def together_picture(curves: Curves, policies: Mapping[str, Sequence[Spot]]) -> Markup:
    """Several policies of one pair between the two models; `curves` are those of one of them."""
    named = list(policies.items())[:MOST]
    every = [spot for _, spots in named for spot in spots]
    plot = plot_of([*every, *curves.oracle, curves.small, curves.large])
    ends = [(curves.small.cost, curves.small.quality), (curves.large.cost, curves.large.quality)]
    lines = [
        plot.curve([(spot.cost, spot.quality) for spot in spots], f"p{place}")
        for place, (_, spots) in enumerate(named)
    ]
    models = [
        mark("small", plot.across(curves.small.cost), plot.y(curves.small.quality), class_="big"),
        mark("large", plot.across(curves.large.cost), plot.y(curves.large.quality), class_="big"),
    ]
    oracle = plot.curve([(spot.cost, spot.quality) for spot in curves.oracle], "oracle")
    pieces = [plot.curve(ends, "random"), oracle, *lines, *models]
    said = f"Score against cost of {', '.join(name for name, _ in named)}."
    return picture(
        HEIGHT, said, [*_key([name for name, _ in named]), *frame_of(plot, curves), *pieces]
    )


def _key(names: Sequence[str]) -> list[Markup]:
    """Policies above, what they are held against below."""
    first = [(f"p{place}", name) for place, name in enumerate(names)]
    rows = (first, [("random", "random"), ("oracle", "oracle")])
    return [
        _entry(100 * place / MOST, y, class_, name)
        for y, row in zip(KEY_Y, rows, strict=True)
        for place, (class_, name) in enumerate(row)
    ]


def _entry(x: float, y: float, class_: str, name: str) -> Markup:
    sign = tag("line", x1=0, x2=24, y1=0, y2=0, class_=f"line {class_}")
    words = tag("text", name, x=32, y=4.5, class_="tick")
    return tag("svg", sign, words, x=f"{x}%", y=y, overflow="visible")


def standalone(drawn: Markup, height: int, title: str) -> str:
    """A picture with its look and its title."""
    ground = box(0, 100, 0, height + 60, "ground")
    inner = tag("svg", drawn, x=28, y=48, width=WIDTH - 56, height=height, overflow="visible")
    head = tag("text", title, x=28, y=26, class_="strong", font_size=15, font_weight=600)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 60}" '
        f'width="{WIDTH}" height="{height + 60}" role="img" aria-label="{escape(title)}">'
        f"<style>{STYLE}</style>{ground}{head}{inner}</svg>\n"
    )
