"""The brief in words and cells: the same for the terminal, Markdown, the page and paper."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sprat.report import numbers
from sprat.report.brief.money import OWN
from sprat.report.facts import DECISIONS, Tone, kind_name
from sprat.studies.brief.result import (
    Brief,
    Enough,
    Figure,
    KindLine,
    KindScore,
    ModelLine,
)

NO_RISK = "Nothing of what is looked for was found in these studies, which proves nothing."
NO_VERDICT: tuple[str, Tone] = ("No verdict", "open")
ENOUGH: dict[Enough, str] = {
    "small": "the small one will do",
    "large": "needs the large one",
    "neither": "neither, under half right",
    "open": "not settled",
    "few": "too few questions to say",
}
MOST_MODELS = 3
"""Columns that a page has room for; the others stand with the evidence."""
MOST_KINDS = 8
MOST_KINDS_DENSE = 6
MANY_CHARS, MOST_CHARS = 2150, 2700
KIND_CHARS, TOLD_CHARS = 40, 150
"""Of prose, which take as much room as one kind of question, and as one with its own advice."""
"""On paper a first page of more prose than this is set smaller; of still more, without picture."""
MOST_WHY = 2
"""Sentences of the recommendation on the first page; the others stand with the evidence."""


class Cell(NamedTuple):
    """One cell: the figure, what is to be known with it, and its footnotes."""

    main: str
    more: str = ""
    marks: tuple[int, ...] = ()
    why: str = ""
    """Why it is missing."""

    @property
    def missing(self) -> bool:
        """Nothing was measured."""
        return self.main == numbers.NOT_MEASURED


class Row(NamedTuple):
    """One row of the figures, a cell per model."""

    label: str
    cells: tuple[Cell, ...]


def decision(brief: Brief) -> tuple[str, Tone]:
    """The verdict in two words, and how it should feel."""
    found = brief.headline.summary
    return NO_VERDICT if found is None else DECISIONS[found.decision]


def advice_tone(brief: Brief) -> Tone:
    """How the recommendation should feel."""
    tones: dict[str, Tone] = {"small": "good", "hybrid": "good", "neither": "bad"}
    return tones.get(brief.advice.use, "open")


def when(brief: Brief) -> str:
    """The day and the minute that it was made."""
    return brief.created.replace("T", " ")[:16] + " UTC"


def about(brief: Brief) -> str:
    """What it rests on, in one line."""
    n = len(brief.sources)
    asked = [s for s in brief.sources if s.kind != "bench"]
    sets = dict.fromkeys(f"{s.n} questions of “{s.questions}”" for s in asked)
    machines = list(dict.fromkeys(source.machine for source in brief.sources))
    where = machines[0] if len(machines) == 1 else f"{len(machines)} machines"
    studies = f"{n} stud{'y' if n == 1 else 'ies'}"
    return " · ".join([studies, *list(sets)[:2], where])


def shown_models(brief: Brief) -> tuple[ModelLine, ...]:
    """Those with a column: the two that the verdict is about, and the quickest others."""
    if len(brief.models) <= MOST_MODELS:
        return brief.models
    two = {brief.headline.small, brief.headline.large}
    named = [line for line in brief.models if line.name in two]
    others = [line for line in brief.models if line.name not in two]
    kept = {line.name for line in (*named, *others[: MOST_MODELS - len(named)])}
    return tuple(line for line in brief.models if line.name in kept)


def density(brief: Brief) -> str:
    """How the first page is set to stay one page: empty, `dense` or `dense packed`."""
    prose = [brief.headline.said.text, *(said.text for said in brief.advice.why[:MOST_WHY])]
    prose += [risk.text for risk in brief.risks] + [said.text for said in brief.also]
    prose += [f"{step.why} {step.command}" for step in brief.steps]
    chars = sum(map(len, prose)) + _room_of_kinds(brief)
    if chars > MOST_CHARS:
        return "dense packed"
    return "dense" if len(brief.models) > 2 or chars > MANY_CHARS else ""


def _room_of_kinds(brief: Brief) -> int:
    shown = min(len(brief.kinds), MOST_KINDS)
    return shown * (KIND_CHARS if kinds_note(brief) else TOLD_CHARS)


def rows(brief: Brief, models: Sequence[ModelLine] | None = None) -> list[Row]:
    """The figures; a row that no model has is left out where another says why."""
    lines = shown_models(brief) if models is None else models
    made = [
        _row("Score", lines, _score),
        _row("Right answers", lines, _right),
        _row("Median answer", lines, _timed("answer_s")),
        _row("Slowest 5% over", lines, _timed("answer_p95_s")),
        _row("Median first word", lines, _timed("first_token_s")),
        _row("Peak memory", lines, _memory),
        _row("Energy, an answer", lines, _joules),
        _row("Processor time", lines, lambda line: _processor(line, lines)),
        _row("1,000 answers cost", lines, lambda line: _cost(brief, line)),
    ]
    if not brief.kinds:
        made.append(_row("Best at", lines, lambda line: _kinds(line.best)))
        made.append(_row("Weakest at", lines, lambda line: _kinds(line.weakest)))
    return [row for row in made if any(cell.main for cell in row.cells)]


def _row(label: str, lines: Sequence[ModelLine], write: Callable[[ModelLine], Cell]) -> Row:
    return Row(label, tuple(write(line) for line in lines))


def _score(line: ModelLine) -> Cell:
    figure = line.figures["score"]
    between = numbers.score_range(figure.low, figure.high)
    return _cell(numbers.score(figure.value), f"({between})" if between else "", figure)


def _right(line: ModelLine) -> Cell:
    figure = line.figures["right"]
    return (
        Cell("") if figure.value is None else _cell(f"{figure.value:.0f} of {figure.n}", "", figure)
    )


def _timed(name: str) -> Callable[[ModelLine], Cell]:
    def cell(line: ModelLine) -> Cell:
        figure = line.figures[name]
        between = "" if figure.low is None else f"({_between(figure)})"
        return _cell(numbers.seconds(figure.value), between, figure)

    return cell


def _between(figure: Figure) -> str:
    low, high = numbers.seconds(figure.low), numbers.seconds(figure.high)
    return f"{low.removesuffix(' s')}–{high.removesuffix(' s')}"  # noqa: RUF001 - a range


def _memory(line: ModelLine) -> Cell:
    figure = line.figures["memory_bytes"]
    return _cell(numbers.size(None if figure.value is None else int(figure.value)), "", figure)


def _joules(line: ModelLine) -> Cell:
    figure = line.figures["energy_joules"]
    return _cell(numbers.joules(figure.value), "", figure)


def _processor(line: ModelLine, lines: Sequence[ModelLine]) -> Cell:
    """Stands in where energy was not measured, under its own name."""
    if all(one.figures["energy_joules"].value is not None for one in lines):
        return Cell("")
    figure = line.figures["processor_s"]
    return _cell(numbers.seconds(figure.value), "", figure)


def _cell(main: str, more: str, figure: Figure) -> Cell:
    marks = () if figure.mark is None else (figure.mark,)
    return Cell(main, more, marks, figure.why)


def _cost(brief: Brief, line: ModelLine) -> Cell:
    """As the answers were priced when they were asked; where a forecast has its own table, none."""
    figure = line.figures["cost_usd"]
    if any(option.kind in OWN for option in brief.money.options):
        return Cell("")
    if figure.value is None:
        return Cell("not known", why=figure.why)
    return _cell(numbers.dollars(figure.value), "", figure)


def _kinds(kinds: Sequence[KindScore]) -> Cell:
    named = [f"{kind_name(kind.kind)} {kind.score:.0%}" for kind in kinds]
    return Cell(", ".join(named))


def kinds_note(brief: Brief) -> str:
    """What holds for every kind alike, said once; empty where they differ."""
    if brief.kinds and all(line.enough == "few" for line in brief.kinds):
        return "Too few questions of each kind to say which of them the small one can be given."
    return ""


def most_kinds(brief: Brief) -> int:
    """How many the first page has room for."""
    return MOST_KINDS_DENSE if density(brief) else MOST_KINDS


def kind_rows(brief: Brief) -> list[tuple[str, str, str, str, str]]:
    """Kind, n, both scores, who can be trusted with it."""
    said = not kinds_note(brief)
    return [_kind(line, said) for line in brief.kinds[: most_kinds(brief)]]


def _kind(line: KindLine, said: bool) -> tuple[str, str, str, str, str]:
    small, large = ("" if value is None else f"{value:.0%}" for value in (line.small, line.large))
    return (kind_name(line.kind), str(line.n), small, large, ENOUGH[line.enough] if said else "")
