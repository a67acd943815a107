"""The figures of each model, every one with where it is read from."""

from collections.abc import Sequence
from statistics import fmean, median

from msgspec import structs

from sprat.runs.blocks import median_interval
from sprat.studies.asked import Asked
from sprat.studies.bench.result import BenchResult, SideSummary
from sprat.studies.bench.result import Cell as BenchCell
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.result import Figure, KindScore, ModelLine
from sprat.studies.heuristics_cells import (
    ANSWERS_PRICED,
    Cell,
    energy_cell,
    memory_cell,
    processor_cell,
)
from sprat.studies.tally import right_of, score_of

FEW = 3
"""Questions of a kind below which it is nobody's best or weakest."""
SHOWN = 2
"""Kinds that a model is said to be best at, and weakest at."""
RIGHT_HOW = "answers above the bar of their question's own scorer"
ANSWER_HOW = "median time from the request to the whole answer"
NAMES = {
    "score": "Score",
    "right": "Right answers",
    "first_token_s": "Seconds to the first word",
    "answer_s": "Seconds per answer",
    "answer_p95_s": "Seconds per answer, slow ones",
    "memory_bytes": "Memory",
    "energy_joules": "Energy",
    "processor_s": "Processor time",
    "cost_usd": "Cost",
}


def line_of(seen: Sequence[Asked], benches: Sequence[BenchResult], notes: Footnotes) -> ModelLine:
    """One model over its studies; the first of them tells what it can, the others the rest."""
    first = seen[0]
    found = {
        name: _first([*(read(one) for one in seen), *_benched(first, benches, name)])
        for name, read in _READ.items()
    }
    kinds = _kinds(first)
    return ModelLine(
        name=first.model.name,
        identity=first.model.identity,
        figures={name: _figure(name, cell, notes) for name, cell in found.items()},
        best=tuple(kinds[:SHOWN]) if len(kinds) > SHOWN else tuple(kinds[:1]),
        weakest=tuple(reversed(kinds[-SHOWN:])) if len(kinds) > SHOWN else tuple(kinds[1:]),
    )


def bench_line(bench: BenchResult, side: SideSummary, notes: Footnotes) -> ModelLine:
    """A model of which there is only a benchmark."""
    cells = {name: bench_cell(bench, side.name, name) for name in NAMES}
    return ModelLine(
        name=side.name,
        identity=side.identity,
        figures={name: _figure(name, cell, notes) for name, cell in cells.items()},
    )


def _first(cells: Sequence[Cell]) -> Cell:
    return next((cell for cell in cells if cell.value is not None), cells[0])


def _figure(name: str, cell: Cell, notes: Footnotes) -> Figure:
    """A cell with its footnote; without one where there is nothing to prove."""
    mark = None
    if cell.value is not None:
        mark = notes.cite(cell.run, NAMES[name], cell.how, n=cell.n)
    return Figure(value=cell.value, low=cell.low, high=cell.high, n=cell.n, mark=mark, why=cell.why)


def _score(asked: Asked) -> Cell:
    whole = asked.summary()
    return Cell(
        value=whole.score,
        unit="share",
        n=whole.answered + whole.errors - whole.unscored,
        low=whole.score_low,
        high=whole.score_high,
        run=asked.study.id,
        how="mean score of the answers, 0 to 100%, by each question's own scorer; a failure is 0",
        why="" if whole.score is not None else "the study scored nothing",
    )


def _right(asked: Asked) -> Cell:
    known = [told for run in asked.runs if (told := right_of(run)) is not None]
    return Cell(
        value=float(sum(known)) if known else None,
        unit="answers",
        n=len(known),
        run=asked.study.id,
        how=RIGHT_HOW,
        why="" if known else "the study scored nothing",
    )


def _first_token(asked: Asked) -> Cell:
    known = [t for run in asked.runs if run.reply and (t := run.reply.timing.ttft_s) is not None]
    return _median(asked, known, "median time from the request to the first text")


def _answer(asked: Asked) -> Cell:
    known = [run.reply.timing.answer_s for run in asked.runs if run.reply]
    return _median(asked, known, ANSWER_HOW)


def _median(asked: Asked, seconds: Sequence[float], how: str) -> Cell:
    between = median_interval([[value] for value in seconds], seed=asked.study.settings["seed"])
    return Cell(
        value=median(seconds) if seconds else None,
        unit="s",
        n=len(seconds),
        low=between.low if between else None,
        high=between.high if between else None,
        run=asked.study.id,
        how=how,
        why="" if seconds else "no answer came",
    )


def _slow(asked: Asked) -> Cell:
    whole = asked.summary()
    return Cell(
        value=whole.answer_s.p95,
        unit="s",
        n=whole.answered,
        run=asked.study.id,
        how="95th percentile of the time to the whole answer: 19 of 20 are quicker",
        why="" if whole.answer_s.p95 is not None else "no answer came",
    )


def _cost(asked: Asked) -> Cell:
    whole = asked.summary()
    basis = asked.study.environment.get("prices", {}).get(asked.model.name, "")
    known = whole.cost_usd is not None and whole.answered > 0
    return Cell(
        value=(whole.cost_usd or 0.0) / whole.answered * ANSWERS_PRICED if known else None,
        unit=f"USD per {ANSWERS_PRICED} answers",
        n=whole.answered,
        run=asked.study.id,
        how=f"mean of the answers as they were priced when asked: {basis}",
        why="" if known else basis or "no price was declared when it was asked",
    )


_READ = {
    "score": _score,
    "right": _right,
    "first_token_s": _first_token,
    "answer_s": _answer,
    "answer_p95_s": _slow,
    "memory_bytes": memory_cell,
    "energy_joules": energy_cell,
    "processor_s": processor_cell,
    "cost_usd": _cost,
}


def _benched(asked: Asked, benches: Sequence[BenchResult], name: str) -> list[Cell]:
    """What benchmarks of these very weights tell; of prompts of one length, so not of times."""
    if name not in {"memory_bytes", "energy_joules"}:
        return []
    return [
        bench_cell(bench, side.name, name)
        for bench in benches
        for side in bench.sides
        if side.model == asked.model.name and side.identity == asked.model.identity
    ]


def bench_cell(bench: BenchResult, name: str, figure: str) -> Cell:
    """One figure of one side of a benchmark; times are those of its first warm row."""
    side = next(one for one in bench.sides if one.name == name)
    row = warm_row(bench, name)
    how, empty = f"sprat bench, {side.requests} requests", "a benchmark scores no answers"
    cell = Cell(value=None, unit="", n=side.requests, run=bench.run, how=how, why=empty)
    read: dict[str, tuple[float | None, str]] = {
        "memory_bytes": (side.peak_rss_bytes, "its processes are not ours to read"),
        "energy_joules": (side.energy.joules_per_answer, _reason(side.energy.source)),
        "cost_usd": (
            None if side.cost_usd_per_answer is None else side.cost_usd_per_answer * ANSWERS_PRICED,
            side.cost_basis or "no price was declared",
        ),
        "processor_s": (row.processor_s_per_answer if row else None, "not recorded"),
        "first_token_s": (row.ttft_s.p50 if row and row.ttft_s else None, "no warm row"),
        "answer_s": (row.answer_s.p50 if row and row.answer_s else None, "no warm row"),
        "answer_p95_s": (row.answer_s.p95 if row and row.answer_s else None, "no warm row"),
    }
    value, why = read.get(figure, (None, empty))
    where = f"{how}; {row.id}" if row and figure.endswith("_s") else how
    return structs.replace(cell, value=value, how=where, why="" if value is not None else why)


def warm_row(bench: BenchResult, side: str) -> BenchCell | None:
    """The side's first row of a loaded model whose prompts are new, one request at a time first."""
    rows = [cell for cell in bench.cells if cell.side == side and cell.condition == "warm"]
    return min(rows, key=lambda cell: cell.concurrency or 1_000, default=None)


def _reason(source: str | None) -> str:
    return (source or "not recorded by this study").removeprefix("unavailable: ")


def _kinds(asked: Asked) -> list[KindScore]:
    """The kinds of question, from the one it is best at."""
    scores: dict[str, list[float]] = {}
    for run in asked.runs:
        if (value := score_of(run)) is not None:
            scores.setdefault(run.kind, []).append(value)
    found = [
        KindScore(kind, fmean(values), len(values))
        for kind, values in scores.items()
        if len(values) >= FEW
    ]
    return sorted(found, key=lambda kind: kind.score, reverse=True)
