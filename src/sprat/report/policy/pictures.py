"""The pictures of a policy: quality against cost, reliability, risk against coverage."""

from collections.abc import Sequence

from markupsafe import Markup

from sprat.policies.curve import Spot
from sprat.report import numbers
from sprat.report.pictures.plot import Plot
from sprat.report.pictures.svg import Scale, line, mark, picture, tag, text
from sprat.studies.hybrid.result import Curves, Evaluation, Judgement

HEIGHT, TOP, BOTTOM = 350, 62, 306
SQUARE, SQUARE_BOTTOM = 280, 232


def quality_picture(found: Evaluation) -> Markup:
    """The policy's curve between the two models; the band is its 95% interval."""
    curves = found.curves
    plot = _quality_plot(curves)
    return picture(
        HEIGHT,
        _quality_words(found),
        [*_key(), *frame_of(plot, curves), *_quality_curves(plot, curves)],
    )


def _quality_plot(curves: Curves) -> Plot:
    return plot_of([*curves.policy, *curves.oracle, curves.small, curves.large, curves.chosen])


def plot_of(spots: Sequence[Spot]) -> Plot:
    """Room for all of them."""
    bounds = [v for s in spots for v in (s.low, s.quality, s.high) if v is not None]
    low, high = max(0.0, min(bounds) - 0.03), min(1.0, max(bounds) + 0.03)
    furthest = max(spot.cost for spot in spots) or 1.0
    return Plot(across=Scale(0, furthest * 1.05), low=low, high=high, top=TOP, bottom=BOTTOM)


def frame_of(plot: Plot, curves: Curves) -> list[Markup]:
    """The axes."""
    heights = [
        tick for tick in Scale(plot.low, plot.high).ticks(4) if plot.low <= tick <= plot.high
    ]
    rules = [line(0, plot.y(tick), 100, plot.y(tick), "grid") for tick in heights]
    names = [text(0, plot.y(tick) - 4, f"{100 * tick:g}%") for tick in heights]
    ticks = [text(plot.across(tick), BOTTOM + 18, f"{tick:g}") for tick in plot.across.ticks(6)]
    unit = "mean seconds per question" if curves.unit == "seconds" else "mean USD per question"
    return [*rules, *names, *ticks, text(50, BOTTOM + 37, unit)]


def _quality_curves(plot: Plot, curves: Curves) -> list[Markup]:
    policy = [(spot.cost, spot.quality) for spot in curves.policy]
    oracle = [(spot.cost, spot.quality) for spot in curves.oracle]
    ends = [(curves.small.cost, curves.small.quality), (curves.large.cost, curves.large.quality)]
    pieces = [plot.path(_band(curves.policy), "band", "polygon")] if _band(curves.policy) else []
    return [
        *pieces,
        plot.curve(ends, "random"),
        plot.curve(oracle, "oracle"),
        plot.curve(policy, "policy"),
        _model(plot, "small", curves.small),
        _model(plot, "large", curves.large),
        *_chosen(plot, curves.chosen),
    ]


def _band(spots: Sequence[Spot]) -> list[tuple[float, float]]:
    known = [s for s in spots if s.low is not None and s.high is not None]
    upper = [(s.cost, s.high or 0.0) for s in known]
    return [*upper, *((s.cost, s.low or 0.0) for s in reversed(known))]


def _model(plot: Plot, role: str, spot: Spot) -> Markup:
    title = f"{role} alone: {numbers.score(spot.quality)} at {_cost(spot.cost)}"
    return mark(role, plot.across(spot.cost), plot.y(spot.quality), title, "big")


def _chosen(plot: Plot, spot: Spot) -> list[Markup]:
    x, y = plot.across(spot.cost), plot.y(spot.quality)
    title = tag("title", f"this policy: {numbers.score(spot.quality)} at {_cost(spot.cost)}")
    ring = tag("circle", title, cx=f"{x:.2f}%", cy=y, r=8, class_="ring")
    return [ring, tag("circle", cx=f"{x:.2f}%", cy=y, r=3, class_="pin")]


def _key() -> list[Markup]:
    """Two rows, so that a narrow page has room for them."""
    rows = (
        ((0, "policy", "policy, any threshold"), (50, "random", "random escalation")),
        ((0, "oracle", "oracle"), (50, "ring", "this policy")),
    )
    pieces: list[Markup] = []
    for y, row in zip((12, 34), rows, strict=True):
        for x, class_, words in row:
            pieces += _key_entry(x, y, class_, words)
    return pieces


def _key_entry(x: float, y: float, class_: str, words: str) -> list[Markup]:
    if class_ == "ring":
        spots = ((7, "ring"), (3, "pin"))
        sign = [tag("circle", cx=12, cy=0, r=r, class_=name) for r, name in spots]
    else:
        sign = [tag("line", x1=0, x2=24, y1=0, y2=0, class_=f"line {class_}")]
    words_at = tag("text", words, x=32, y=4.5, class_="tick")
    return [tag("svg", *sign, words_at, x=f"{x}%", y=y, overflow="visible")]


def _quality_words(found: Evaluation) -> str:
    curves = found.curves
    return (
        f"Score against cost. Small alone {numbers.score(curves.small.quality)} at "
        f"{_cost(curves.small.cost)}, large alone {numbers.score(curves.large.quality)} at "
        f"{_cost(curves.large.cost)}, this policy {numbers.score(curves.chosen.quality)} at "
        f"{_cost(curves.chosen.cost)}."
    )


def _cost(value: float) -> str:
    return f"{value:.3g}"


def reliability_picture(judged: Judgement) -> Markup:
    """How often answers of a confidence are right; on the diagonal it says what is so."""
    plot = _unit_plot()
    biggest = max((one.n for one in judged.bins), default=1)
    dots = [
        tag(
            "circle",
            tag("title", f"confidence {one.confidence:.0%}: {one.right:.0%} right, n={one.n}"),
            cx=f"{plot.across(one.confidence):.2f}%", cy=plot.y(one.right),
            r=3 + 5 * (one.n / biggest) ** 0.5, class_="dot",
        )
        for one in judged.bins
    ]  # fmt: skip
    points = [(one.confidence, one.right) for one in judged.bins]
    said = "; ".join(f"{x:.0%} sure: {y:.0%} right" for x, y in points)
    parts = [*_unit_frame(plot, "confidence"), plot.curve([(0, 0), (1, 1)], "random")]
    if len(points) > 1:
        parts.append(plot.curve(points, "policy"))
    return picture(SQUARE, f"Share of right answers by confidence. {said}.", [*parts, *dots])


def risk_picture(judged: Judgement, target: float | None = None) -> Markup:
    """Which share of the accepted drafts is wrong, if the surest so many are accepted."""
    worst = max([spot.risk for spot in judged.risk] + [target or 0.0, 0.1])
    plot = Plot(across=Scale(0, 1), low=0, high=min(1.0, worst * 1.1), top=14, bottom=SQUARE_BOTTOM)
    parts = _unit_frame(plot, "share of drafts accepted")
    if judged.risk:
        parts.append(plot.curve([(s.coverage, s.risk) for s in judged.risk], "policy"))
    if target is not None:
        y = plot.y(target)
        parts += [
            line(0, y, 100, y, "margin"),
            text(100, y - 6, f"target {target:.0%}", "tick strong"),
        ]
    said = f"All drafts accepted: {judged.risk[-1].risk:.0%} wrong." if judged.risk else ""
    return picture(SQUARE, f"Share of wrong answers among accepted drafts. {said}", parts)


def _unit_plot() -> Plot:
    return Plot(across=Scale(0, 1), low=0, high=1, top=14, bottom=SQUARE_BOTTOM)


def _unit_frame(plot: Plot, below: str) -> list[Markup]:
    heights = Scale(plot.low, plot.high).ticks(4)
    rules = [line(0, plot.y(tick), 100, plot.y(tick), "grid") for tick in heights]
    names = [text(0, plot.y(tick) - 4, f"{100 * tick:g}%") for tick in heights if tick > 0]
    shares = (0, 0.25, 0.5, 0.75, 1)
    ticks = [text(100 * share, SQUARE_BOTTOM + 18, f"{share:.0%}") for share in shares]
    return [*rules, *names, *ticks, text(50, SQUARE_BOTTOM + 38, below)]
