"""The benchmark as one self-contained page."""

from typing import Any

from sprat.report import numbers
from sprat.report.bench import facts, pictures
from sprat.report.facts import flat
from sprat.report.house import page
from sprat.report.rows import PATH_COLUMNS, PATHS_NOTE, path_cells
from sprat.studies.bench.result import BenchResult, Cell, SideSummary

ASIDE = ("prompt", "sides")


def render(result: BenchResult) -> str:
    """The benchmark as one HTML page."""
    return page("bench.html.j2", _words(result), styles=("style.css", "bench.css"), script="")


def _words(result: BenchResult) -> dict[str, Any]:
    return {
        "r": result,
        "title": facts.title(result),
        "created": result.created.replace("T", " ")[:16] + " UTC",
        "headline": facts.headline(result),
        "several": len(facts.measured(result)) > 1,
        "sides": [_side(side, place) for place, side in enumerate(facts.measured(result))],
        "groups": [_group(group, result) for group in facts.groups(result)],
        "energy": facts.energy_reason(result),
        "priced": facts.priced(result),
        "policies": [
            {"name": side.name, "rows": [path_cells(path) for path in side.paths]}
            for side in facts.policies(result)
        ],
        "path_columns": PATH_COLUMNS,
        "paths_note": PATHS_NOTE,
        "about": _about(result),
        "missing": numbers.NOT_MEASURED,
    }


def _side(side: SideSummary, place: int) -> dict[str, Any]:
    load = side.cold_load_s.p50 if side.cold_load_s else None
    return {
        "name": side.name,
        "mark": _mark(place),
        "load": numbers.seconds(load),
        "memory": numbers.size(side.peak_rss_bytes),
        "gpu": numbers.size(side.gpu_memory_bytes),
        "token": numbers.joules(side.energy.joules_per_token),
        "answer": numbers.joules(side.energy.joules_per_answer),
        "source": side.energy.source or "",
        "cost": numbers.dollars(side.cost_usd_per_answer),
        "basis": side.cost_basis or "",
        "requests": numbers.count(side.requests),
        "errors": numbers.count(side.errors),
    }


def _group(group: facts.Group, result: BenchResult) -> dict[str, Any]:
    names = [side.name for side in facts.measured(result)]
    marks = {name: _mark(place) for place, name in enumerate(names)}
    first = group.cells[0].id
    return {
        "name": group.name,
        "id": group.condition,
        "why": group.why,
        "rows": [_row(cell, marks) for cell in group.cells],
        "bars": [(bar, marks[bar.side]) for bar in pictures.phase_bars(group.cells)],
        "phases": facts.seen_phases(group.cells),
        "loads": pictures.load_pictures(group.cells, names),
        "first": pictures.first_tokens(result.requests, first, names),
        "first_of": f"{facts.lengths(group.cells[0])} tokens, {facts.load(group.cells[0])}",
    }


def _row(cell: Cell, marks: dict[str, str]) -> dict[str, Any]:
    return {
        "cell": cell,
        "mark": marks[cell.side],
        "lengths": facts.lengths(cell),
        "load": facts.load(cell),
        "first": facts.figure(cell.ttft_s),
        "between": facts.figure(cell.inter_token_s, "ms"),
        "answer": facts.figure(cell.answer_s),
        "p95": facts.p95(cell.answer_s),
        "total": facts.figure(cell.total_s),
        "rate": facts.estimate(cell.tokens_per_s),
        "ratio": facts.ratio_words(facts.ratio_of(cell, "answer_s")),
        "n": f"{cell.requests:,}",
        "cached": f"{cell.cached_tokens:,.0f}" if cell.cached_tokens else "",
    }


def _mark(place: int) -> str:
    return f"s{place % pictures.SIDES}"


def _about(result: BenchResult) -> list[tuple[str, list[tuple[str, str]]]]:
    chosen = {k: v for k, v in result.settings.items() if v is not None and k not in ASIDE}
    sections = [
        ("Settings", flat({"run": result.run, "created": result.created, **chosen})),
        ("Machine at the beginning", flat(result.environment)),
        ("Machine at the end", flat(result.environment_end or {})),
        *((side.name, flat(side.identity)) for side in result.sides),
    ]
    return [(title, lines) for title, lines in sections if lines]
