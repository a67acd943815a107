"""Scores over time: a mark per run with its interval, evenly spaced, the oldest at the left."""

from itertools import pairwise

from markupsafe import Markup

from sprat.report import numbers
from sprat.report.pictures.svg import line, pct, picture, tag, text
from sprat.studies.history.series import Point, Series

HEIGHT, TOP, BOTTOM = 260, 22, 206
MOST_DATES = 4
"""More would run into each other on a phone."""


def series_picture(series: Series) -> Markup:
    """Empty where nothing is scored."""
    scored = [point for point in series.points if point.score is not None]
    if not scored:
        return Markup()
    low, high = _range(scored)
    drawn: list[Markup] = [*_frame(low, high)]
    n = len(series.points)
    places = {id(point): 6 + 90 * (i + 0.5) / n for i, point in enumerate(series.points)}
    for before, now in pairwise(scored):
        a, b = places[id(before)], places[id(now)]
        drawn.append(line(a, _y(before, low, high), b, _y(now, low, high), "joint"))
    for i, point in enumerate(series.points):
        dated = n <= MOST_DATES or i % -(-n // MOST_DATES) == 0
        drawn += _point(point, places[id(point)], low, high, dated=dated)
    said = "; ".join(_said(point) for point in scored[:40])
    return picture(HEIGHT, f"Score over time. {said}.", drawn)


def _range(points: list[Point]) -> tuple[float, float]:
    """The scores' own range with some air, at least 20 points wide, on round tens."""
    lowest = min(p.low if p.low is not None else p.score or 0 for p in points)
    highest = max(p.high if p.high is not None else p.score or 0 for p in points)
    low, high = int(lowest * 10) / 10, -int(-highest * 10 // 1) / 10
    high = min(1.0, max(high, low + 0.2))
    return max(0.0, min(low, high - 0.2)), high


def _place(value: float, low: float, high: float) -> float:
    return BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)


def _y(point: Point, low: float, high: float) -> float:
    return _place(point.score or 0, low, high)


def _frame(low: float, high: float) -> list[Markup]:
    steps = round((high - low) * 10)
    tenths = [low + i / 10 for i in range(steps + 1)]
    pieces: list[Markup] = []
    for value in tenths[:: 1 if steps <= 5 else 2]:
        y = _place(value, low, high)
        pieces += [line(0, y, 100, y, "grid"), text(0, y - 4, f"{value:.0%}")]
    return pieces


def _point(point: Point, x: float, low: float, high: float, *, dated: bool) -> list[Markup]:
    pieces: list[Markup] = []
    step = point.step
    if step is not None and step.other_model:
        pieces.append(line(x, TOP - 8, x, BOTTOM, "changed"))
    if dated:
        pieces.append(text(x, BOTTOM + 20, point.created[:10]))
    if point.score is None:
        return pieces
    y = _y(point, low, high)
    if point.low is not None and point.high is not None:
        top, bottom = _place(point.high, low, high), _place(point.low, low, high)
        pieces.append(line(x, top, x, bottom, "whisker"))
    kind = step.score if step and step.score in {"regression", "improvement"} else "plain"
    pieces.append(_sign(kind, x, y, _said(point)))
    return pieces


_SIGNS = {
    "plain": "M-6 0A6 6 0 1 1 6 0A6 6 0 1 1-6 0Z",
    "regression": "M-9-7H9L0 9Z",
    "improvement": "M-9 7H9L0-9Z",
}


def _sign(kind: str, x: float, y: float, said: str) -> Markup:
    shape = tag("path", tag("title", said), d=_SIGNS[kind], class_=f"mark {kind}")
    return tag("svg", shape, x=pct(x), y=y, overflow="visible")


def _said(point: Point) -> str:
    between = numbers.score_range(point.low, point.high)
    kind = point.step.score if point.step else "first"
    return f"{point.created[:10]}, {point.run}: {numbers.score(point.score)} ({between}), {kind}"
