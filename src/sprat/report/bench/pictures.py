"""The pictures of a benchmark: where the time goes, what load costs, how first tokens spread."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

import msgspec
from markupsafe import Markup

from sprat.report import numbers
from sprat.report.bench import facts
from sprat.report.pictures.svg import Scale, box, line, picture, steps, tag, text
from sprat.studies.bench.result import Cell, Estimate, Request, Spread

HEIGHT, TOP, BOTTOM = 230, 16, 190
BAR_HEIGHT = 22
MAX_POINTS = 240
"""More points than this change nothing that an eye can see."""
SIDES = 6
"""So many sides have a colour and a line of their own; further ones begin anew."""

Point = tuple[float, float, float | None, float | None]
"""Load, value, and the ends of its interval."""


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """The mean answer of one row, phase by phase."""

    label: str
    side: str
    total: str
    picture: Markup


def phase_bars(cells: Sequence[Cell]) -> list[Bar]:
    """One bar per row, all on one scale."""
    totals = [sum(value for _, _, value in _parts(cell)) for cell in cells]
    scale = Scale(0, max(totals, default=0) or 1)
    return [
        Bar(
            label=f"{facts.lengths(cell)} tokens, {facts.load(cell)}",
            side=cell.side,
            total=numbers.seconds(total) if total else numbers.NOT_MEASURED,
            picture=_bar(cell, scale),
        )
        for cell, total in zip(cells, totals, strict=True)
    ]


def _parts(cell: Cell) -> list[tuple[str, str, float]]:
    parts = [
        (field, name, getattr(cell.phases, field)) for field, name, _ in facts.phases_of((cell,))
    ]
    return [(field, name, value) for field, name, value in parts if value]


def _bar(cell: Cell, scale: Scale) -> Markup:
    said = ", ".join(f"{name} {facts.milliseconds(value)}" for _, name, value in _parts(cell))
    boxes: list[Markup] = []
    begin = 0.0
    for field, name, value in _parts(cell):
        piece = box(scale(begin), scale(begin + value), 2, BAR_HEIGHT - 4, f"phase {field}")
        title = tag("title", f"{name}: {facts.milliseconds(value)}")
        boxes.append(tag("g", title, piece))
        begin += value
    return picture(BAR_HEIGHT, f"{cell.side}, {facts.load(cell)}: {said}", boxes)


class LoadPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one length of prompt and answer when more is asked."""

    title: str
    latency: Markup
    throughput: Markup


def load_pictures(cells: Sequence[Cell], sides: Sequence[str]) -> list[LoadPicture]:
    """One pair per lengths that were asked under more than one load of a kind."""
    found: list[LoadPicture] = []
    for open_loop in (False, True):
        some = [cell for cell in cells if (cell.rate_per_s is not None) == open_loop]
        lengths = dict.fromkeys((cell.prompt_tokens, cell.output_tokens) for cell in some)
        for prompt, output in lengths:
            of = [c for c in some if (c.prompt_tokens, c.output_tokens) == (prompt, output)]
            if len({_load(cell) for cell in of}) > 1:
                found.append(_load_picture(of, sides, open_loop=open_loop))
    return found


def _load_picture(cells: Sequence[Cell], sides: Sequence[str], *, open_loop: bool) -> LoadPicture:
    axis = "requests a second" if open_loop else "requests at once"
    length = facts.lengths(cells[0])
    return LoadPicture(
        title=f"{length} tokens",
        latency=_lines(
            "Seconds to the whole answer", axis, cells, sides, lambda c: _of_spread(c.total_s)
        ),
        throughput=_lines(
            "Tokens a second, all together", axis, cells, sides, lambda c: _of_rate(c.tokens_per_s)
        ),
    )


def _load(cell: Cell) -> float:
    return cell.rate_per_s if cell.rate_per_s is not None else float(cell.concurrency or 0)


def _of_spread(spread: Spread | None) -> tuple[float, float | None, float | None] | None:
    return (spread.p50, spread.p50_low, spread.p50_high) if spread else None


def _of_rate(rate: Estimate | None) -> tuple[float, float | None, float | None] | None:
    return (rate.value, rate.low, rate.high) if rate else None


def _lines(
    name: str,
    axis: str,
    cells: Sequence[Cell],
    sides: Sequence[str],
    read: Callable[[Cell], tuple[float, float | None, float | None] | None],
) -> Markup:
    by_side = {side: _points([c for c in cells if c.side == side], read) for side in sides}
    points = [point for of in by_side.values() for point in of]
    if not points:
        return Markup()
    highest = max(high or value for _, value, _, high in points)
    loads = sorted({point[0] for point in points})
    across = Scale(0, loads[-1] * 1.08)
    up = Scale(0, highest * 1.08 or 1)
    drawn = [
        piece
        for place, side in enumerate(sides)
        for piece in _line(place, side, by_side[side], across, up)
    ]
    said = "; ".join(
        f"{side}: " + ", ".join(f"{value:.3g} at {load:g}" for load, value, _, _ in of)
        for side, of in by_side.items()
        if of
    )
    frame = [*_rules(up), *(text(across(load), BOTTOM + 18, f"{load:g}") for load in loads)]
    return picture(HEIGHT, f"{name}. {said}.", [*frame, text(50, BOTTOM + 34, axis), *drawn])


def _points(
    cells: Sequence[Cell],
    read: Callable[[Cell], tuple[float, float | None, float | None] | None],
) -> list[Point]:
    found = [(_load(cell), *value) for cell in cells if (value := read(cell))]
    return sorted(found)


def _line(place: int, side: str, points: Sequence[Point], across: Scale, up: Scale) -> list[Markup]:
    name = f"s{place % SIDES}"
    pieces: list[Markup] = []
    for (x1, y1, _, _), (x2, y2, _, _) in pairwise(points):
        pieces.append(line(across(x1), _y(up, y1), across(x2), _y(up, y2), f"curve {name}"))
    for load, value, low, high in points:
        if low is not None and high is not None:
            x = across(load)
            pieces.append(line(x, _y(up, low), x, _y(up, high), f"whisker {name}"))
        title = tag("title", f"{side}: {value:.3g} at {load:g}")
        pieces.append(
            tag("circle", title, cx=f"{across(load):.2f}%", cy=_y(up, value), r=5,
                class_=f"mark {name}")
        )  # fmt: skip
    return pieces


def _rules(up: Scale) -> list[Markup]:
    ticks = up.ticks(4)
    rules = [line(0, _y(up, tick), 100, _y(up, tick), "grid") for tick in ticks]
    return [*rules, *(text(0, _y(up, tick) - 4, f"{tick:g}") for tick in ticks if tick)]


def _y(up: Scale, value: float) -> float:
    return BOTTOM - up(value) / 100 * (BOTTOM - TOP)


def first_tokens(requests: Sequence[Request], cell: str, sides: Sequence[str]) -> Markup:
    """Share of requests of one row whose first token came within so many seconds, by side."""
    values = {
        side: sorted(
            row.ttft_s for row in requests
            if row.cell == cell and row.side == side and row.ttft_s is not None
        )
        for side in sides
    }  # fmt: skip
    everything = [value for of in values.values() for value in of]
    if len(everything) < 4 or min(everything) <= 0:
        return Markup()
    scale = _time_scale(everything)
    curves = [
        _curve(f"s{place % SIDES}", values[side], scale)
        for place, side in enumerate(sides)
        if values[side]
    ]
    rules = [line(0, _share(part), 100, _share(part), "grid") for part in (0, 0.25, 0.5, 0.75, 1)]
    marks = [text(0, _share(part) - 4, f"{part:.0%}") for part in (0.5, 1)]
    ticks = [text(scale(tick), BOTTOM + 18, f"{tick:g}") for tick in scale.ticks()]
    kind = "seconds, logarithmic" if scale.logarithmic else "seconds"
    said = "; ".join(
        f"{side}: median {numbers.seconds(median(of))}" for side, of in values.items() if of
    )
    frame = [*rules, *marks, *ticks, text(50, BOTTOM + 34, kind)]
    return picture(HEIGHT, f"Seconds to the first token. {said}.", [*frame, *curves])


def _time_scale(values: Sequence[float]) -> Scale:
    low, high = min(values), max(values)
    if high / low > 12:
        return Scale(low / 1.15, high * 1.15, logarithmic=True)
    air = (high - low or high) * 0.1
    return Scale(max(0.0, low - air), high + air)


def _share(part: float) -> float:
    return BOTTOM - part * (BOTTOM - TOP)


def _curve(name: str, ordered: Sequence[float], scale: Scale) -> Markup:
    n = len(ordered)
    points: list[tuple[float, float]] = [(scale(ordered[0]), 0.0)]
    for index in [*range(0, n, max(1, n // MAX_POINTS)), n - 1]:
        x = scale(ordered[index])
        points += [(x, points[-1][1]), (x, (index + 1) / n)]
    return steps([*points, (100, 1.0)], TOP, BOTTOM - TOP, f"curve {name}")
