"""The brief in words and cells: the same for the terminal, Markdown, the page and paper."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sprat.cost.result import BreakEven
from sprat.report import numbers
from sprat.report.cost import words as cost_words
from sprat.report.cost.words import months
from sprat.report.facts import DECISIONS, Tone, kind_name
from sprat.studies.brief.result import (
    Brief,
    Enough,
    Figure,
    KindLine,
    KindScore,
    ModelLine,
    OptionLine,
    Said,
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
MOST_NAMED = 4
OWN = ("small", "large", "model")
"""Options of the forecast that are one model, measured."""


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


def option_columns(brief: Brief) -> tuple[str, str, str]:
    """What is spent over the months where that is known, else the band of a thousand answers."""
    if not _totals(brief):
        return ("way to answer", "1,000 answers", "90% of cases")
    return ("way to answer", "1,000 answers", f"{months(brief.money.months)} (90% of cases)")


def option_rows(brief: Brief) -> list[tuple[str, str, str]]:
    """Each way to answer, what a thousand answers cost, and what is spent in all."""
    return [
        (one.name, cost_words.money(one.usd_per_1000), _spent(one, _totals(brief)))
        for one in brief.money.options
    ]


def _totals(brief: Brief) -> bool:
    return any(one.total_usd is not None for one in brief.money.options)


def _spent(one: OptionLine, totals: bool) -> str:
    if not totals:
        return cost_words.band(one.usd_per_1000)
    if one.total_usd is None:
        return cost_words.NOT_PRICED
    return f"{cost_words.money(one.total_usd)} ({cost_words.band(one.total_usd)})"


def money(brief: Brief) -> list[Said]:
    """What is to be said beside the table of options."""
    found = brief.money
    if found.why:
        return [Said(f"It cannot be told: {found.why}")]
    marks = () if found.mark is None else (found.mark,)
    said = [Said(_demand(brief), marks)] if found.options else []
    if found.break_even is not None:
        said.append(Said(_break_even(brief, found.break_even), marks))
    if found.missing:
        said.append(Said(_missing(brief)))
    elif found.assumed:
        listed = _listed([one.lower() for one in found.assumed])
        said.append(Said(f"Nobody declared these, so a default stands in: {listed}."))
    return said


def _demand(brief: Brief) -> str:
    """For how many answers, and who chose the clouds."""
    found = brief.money
    many = found.requests_per_month
    asked = "How many answers are needed is not said" if many is None else f"{many:,.0f} a month"
    clouds = any(option.kind == "cloud" for option in found.options)
    examples = "; the clouds are examples, whose answers nobody measured" if clouds else ""
    chosen = "; how good the clouds' answers are was not measured" if clouds else ""
    said = examples if found.examples else chosen
    return f"{asked}, over {months(found.months)}{said}."


def _break_even(brief: Brief, met: BreakEven) -> str:
    names = {option.id: option.name for option in brief.money.options}
    ours, rival = names.get(met.option, met.option), names.get(met.rival, met.rival)
    if met.month is None:
        often = (
            "in no case that was drawn" if met.never == 1 else f"in {1 - met.never:.0%} of cases"
        )
        within = months(brief.money.months)
        return f"{ours} does not pay for itself within {within} beside {rival}; {often} it does."
    when = "from the start" if met.month == 0 else f"at the end of month {met.month}"
    return (
        f"{ours} breaks even {when} beside {rival} (in 90% of cases: {cost_words.month_band(met)})."
    )


def _missing(brief: Brief) -> str:
    """What only the reader can say, and what it leaves open."""
    titles, options = brief.money.missing, brief.money.options
    named = [one.lower() for one in titles[:MOST_NAMED]]
    rest = len(titles) - len(named)
    listed = _listed([*named, f"{rest} more"] if rest else named)
    what = "What your own machine costs" if options else "What it costs"
    if any(option.kind in OWN for option in options):
        what = f"What {_listed(brief.money.unpriced) or 'the rest'} costs"
    return f"{what} is not known before you say: {listed}. No default would hold for everybody."


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
