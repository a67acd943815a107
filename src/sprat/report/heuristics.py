"""The evaluation table in words: the same for the terminal, Markdown and the page."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from sprat.report import numbers
from sprat.report.facts import kind_name
from sprat.studies.bestuse import USABLE, BestUse
from sprat.studies.heuristics import Column, Heuristics
from sprat.studies.heuristics_cells import Cell

LIKELY = "*"
NOTHING = "nothing by this rule"
AMONG = {1: "it was", 2: "both were"}


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One cell as it is read."""

    main: str
    more: tuple[str, ...] = ()
    run: str = ""
    evidence: str = ""

    @property
    def missing(self) -> bool:
        """Nothing was measured, or found."""
        return self.main in {numbers.NOT_MEASURED, NOTHING}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    label: str
    note: str
    cells: tuple[Shown, ...]
    """One per model."""
    observation: str
    """What the figures say side by side; empty where nothing can be said."""


def names(table: Heuristics) -> list[str]:
    """What each column is called: the model, and what tells it from another of its name."""
    count = Counter(column.name for column in table.models)
    return [
        column.name if count[column.name] == 1 else f"{column.name} ({_told_apart(column, table)})"
        for column in table.models
    ]


def _told_apart(column: Column, table: Heuristics) -> str:
    same = [other.identity for other in table.models if other.name == column.name]
    differing = [
        f"{name} {str(value)[:12]}"
        for name, value in column.identity.items()
        if any(identity.get(name) != value for identity in same)
    ]
    return ", ".join(differing) or "no identity recorded"


def lines(table: Heuristics) -> list[Line]:
    """The rows, in the order of the documents."""
    return [
        _line(
            table, "Cold latency", "load, then the first token", _cold,
            _spread(table, lambda c: c.cold_latency_s, "longer"),
        ),
        _line(
            table, "Memory", "peak of the model's own processes", _memory,
            _spread(table, lambda c: c.memory_bytes, "more"),
        ),
        _line(
            table, "Context adherence", "answers from the given text alone", _context,
            _points(table),
        ),
        _line(
            table, "Local cost", "per answer: energy, else processor time", _cost,
            _cost_spread(table),
        ),
        _line(table, "Best use", "by the rule below", _best, _hybrid(table)),
    ]  # fmt: skip


def _line(
    table: Heuristics, label: str, note: str, show: Callable[[Column], Shown], observation: str
) -> Line:
    cells = tuple(show(column) for column in table.models)
    return Line(label=label, note=note, cells=cells, observation=observation)


def _cold(column: Column) -> Shown:
    cell = column.cold_latency_s
    return _shown(cell, numbers.seconds(cell.value), (cell.how,) if cell.value is not None else ())


def _memory(column: Column) -> Shown:
    cell, gpu = column.memory_bytes, column.gpu_memory_bytes
    on_gpu = (f"GPU {numbers.size(int(gpu.value))}",) if gpu.value is not None else ()
    return _shown(cell, _size(cell), (f"{cell.n:,} answers", *on_gpu))


def _context(column: Column) -> Shown:
    cell, said = column.context_adherence, column.abstention
    more = [f"{numbers.score_range(cell.low, cell.high)} · n {cell.n}"]
    if said.value is not None:
        more.append(f"says that it cannot know: {numbers.score(said.value)} of {said.n}")
    return _shown(cell, numbers.score(cell.value), tuple(more))


def _cost(column: Column) -> Shown:
    """Joules and money; without a counter, processor time under its own name."""
    energy, money = column.energy_joules_per_answer, column.money_per_1000_answers
    if energy.value is not None:
        priced = f"{_plain(money.value)} {money.unit}" if money.value is not None else money.why
        return _shown(energy, numbers.joules(energy.value), (priced, f"{energy.n:,} answers"))
    spent = column.processor_s_per_answer
    if spent.value is None:
        return _shown(energy, numbers.NOT_MEASURED, ())
    words = f"{numbers.seconds(spent.value)} of processor time"
    return _shown(spent, words, (f"{spent.n:,} answers", "energy unavailable, see below"))


def _best(column: Column) -> Shown:
    use = column.best_use
    named = [f"{kind_name(kind.kind)}{'' if kind.shown else LIKELY}" for kind in use.kinds]
    each = [
        f"{name}: {numbers.score(kind.score)}, {numbers.seconds(kind.answer_s)}, n {kind.n}"
        for name, kind in zip(named, use.kinds, strict=True)
    ]
    head = "; ".join(named) or NOTHING
    return Shown(main=head, more=tuple(each), run=use.run, evidence=rule(use))


def _shown(cell: Cell, main: str, more: tuple[str, ...]) -> Shown:
    if cell.value is None:
        why = more if main != numbers.NOT_MEASURED or not cell.why else (cell.why,)
        return Shown(main=main, more=why, run=cell.run, evidence=cell.why)
    kept = tuple(part for part in more if part)
    return Shown(main=main, more=kept, run=cell.run, evidence=f"{cell.how}; n {cell.n}")


def _size(cell: Cell) -> str:
    return numbers.size(None if cell.value is None else int(cell.value))


def _plain(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:,.0f}"


def _ends(
    table: Heuristics, read: Callable[[Column], Cell]
) -> tuple[tuple[str, float], tuple[str, float]] | None:
    """The models of the lowest and of the highest figure; None where fewer than two have one."""
    known = [
        (name, value)
        for name, column in zip(names(table), table.models, strict=True)
        if (value := read(column).value) is not None
    ]
    if len(known) < 2:
        return None
    return min(known, key=lambda pair: pair[1]), max(known, key=lambda pair: pair[1])


def _spread(table: Heuristics, read: Callable[[Column], Cell], more: str) -> str:
    ends = _ends(table, read)
    if ends is None:
        return ""
    (low, least), (high, most) = ends
    times = numbers.times(most, least, more, "")
    return f"{high}: {times} than {low}" if times and "same" not in times else "about the same"


def _points(table: Heuristics) -> str:
    ends = _ends(table, lambda column: column.context_adherence)
    if ends is None:
        return ""
    (low, least), (high, most) = ends
    apart = numbers.apart(most - least)
    return apart if apart == "the same" else f"{high}: {apart} than {low}"


def _cost_spread(table: Heuristics) -> str:
    if any(column.energy_joules_per_answer.value is not None for column in table.models):
        return _spread(table, lambda column: column.energy_joules_per_answer, "more")
    return _spread(table, lambda column: column.processor_s_per_answer, "more")


def _hybrid(table: Heuristics) -> str:
    called = zip(names(table), table.models, strict=True)
    useful = [name for name, column in called if column.best_use.kinds]
    if len(useful) < 2:
        return ""
    if len(useful) == len(table.models):
        return "each has kinds of its own: a hybrid is possible"
    listed = f"{', '.join(useful[:-1])} and {useful[-1]}"
    return f"{listed} have kinds of their own: a hybrid is possible"


def rule(use: BestUse) -> str:
    """The rule of "best use", with its numbers."""
    return (
        f"A kind of question goes to the model that answers it in the fewest seconds among those "
        f"within {numbers.margin(use.margin)} of the best score, over the questions that "
        f"{AMONG.get(use.among, f'all {use.among} were')} scored on; only where the best gets at "
        f"least {USABLE:.0%}. "
        f"{LIKELY}: the 95% interval leaves it open, so it is likely, not shown."
    )


def footnotes(table: Heuristics) -> list[str]:
    """What must be read with the table: the rule, what it leaves out, reasons, ignored runs."""
    found = [f"Best use: {text}" for text in dict.fromkeys(rule(c.best_use) for c in table.models)]
    left = dict.fromkeys(unfit for column in table.models for unfit in column.best_use.nobody)
    if left:
        each = [
            f"{kind_name(u.kind)} ({'too few, ' if u.best is None else f'best {u.best:.0%}, '}"
            f"n {u.n})"
            for u in left
        ]
        found.append(f"Nobody's best use: {'; '.join(each)}.")
    found.append(
        "Each figure is from the study with most evidence for it. A first token is that of a warm "
        "model. Energy is the whole machine's above idle; processor time is the model's own "
        "processes', over all cores."
    )
    return [*found, *_unmeasured(table), *table.ignored]


def _unmeasured(table: Heuristics) -> list[str]:
    """Why there is no energy, once for all models of one reason."""
    whys: dict[str, list[str]] = {}
    for name, column in zip(names(table), table.models, strict=True):
        if column.energy_joules_per_answer.value is None:
            whys.setdefault(column.energy_joules_per_answer.why, []).append(name)
    return [f"Energy unavailable for {', '.join(those)}: {why}." for why, those in whys.items()]


def numbered(table: Heuristics) -> dict[str, int]:
    """The number by which the table refers to each study."""
    return {run.run: place for place, run in enumerate(table.runs, 1)}


def as_json(table: Heuristics) -> dict[str, Any]:
    """The table as `--json` writes it, with its rules."""
    plain: dict[str, Any] = json.loads(msgspec.json.encode(table))
    return {**plain, "notes": footnotes(table)}
