"""The picture of grounded answers: which share of them is wrong, if only the surest are given."""

from markupsafe import Markup

from sprat.report.pictures.plot import Plot
from sprat.report.pictures.svg import Scale, line, picture, tag, text
from sprat.studies.grounded.result import RiskSummary

HEIGHT, TOP, BOTTOM = 300, 16, 252


def risk_picture(found: RiskSummary) -> Markup:
    """Risk against coverage; the curve ends where the engine itself stops answering."""
    if not found.curve:
        return Markup()
    worst = max(0.1, *(spot.risk for spot in found.curve))
    plot = Plot(across=Scale(0, 1), low=0, high=min(1.0, worst * 1.12), top=TOP, bottom=BOTTOM)
    end = found.curve[-1]
    points = [(spot.coverage, spot.risk) for spot in found.curve]
    level = [(0.0, end.risk), (end.coverage, end.risk)]
    pieces = [*_frame(plot), plot.curve(level, "random"), *_best(plot, end.coverage, end.risk)]
    pieces.append(plot.curve(points, "policy"))
    at = tag(
        "circle", tag("title", f"all {end.coverage:.0%}: {end.risk:.0%} wrong"),
        cx=f"{plot.across(end.coverage):.2f}%", cy=plot.y(end.risk), r=6, class_="ring",
    )  # fmt: skip
    return picture(HEIGHT, _said(found), [*pieces, at])


def _best(plot: Plot, coverage: float, risk: float) -> list[Markup]:
    """Of a confidence that puts every wrong answer last."""
    if not 0 < risk < 1:
        return []
    good = coverage * (1 - risk)
    steps = [good + (coverage - good) * k / 24 for k in range(25)]
    return [plot.curve([(0.0, 0.0), *((at, 1 - good / at) for at in steps)], "oracle")]


def _frame(plot: Plot) -> list[Markup]:
    heights = [tick for tick in Scale(plot.low, plot.high).ticks(4) if tick <= plot.high]
    rules = [line(0, plot.y(tick), 100, plot.y(tick), "grid") for tick in heights]
    names = [text(0, plot.y(tick) - 4, f"{100 * tick:g}%") for tick in heights if tick > 0]
    shares = (0, 0.25, 0.5, 0.75, 1)
    ticks = [text(100 * share, BOTTOM + 18, f"{share:.0%}") for share in shares]
    return [*rules, *names, *ticks, text(50, BOTTOM + 38, "share of all questions answered")]


def _said(found: RiskSummary) -> str:
    end = found.curve[-1]
    half = min(found.curve, key=lambda spot: abs(spot.coverage - end.coverage / 2))
    return (
        f"Share of wrong answers against share of questions answered. All {end.coverage:.0%} that "
        f"it answers: {end.risk:.0%} wrong; the surest {half.coverage:.0%}: {half.risk:.0%} wrong."
    )
