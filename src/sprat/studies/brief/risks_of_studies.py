"""Risks of how it was measured: the machine, what no counter told, what was never tried."""

from collections.abc import Iterable

from sprat.runs.study import Study
from sprat.studies.brief.result import Figure, Risk
from sprat.studies.brief.seen import Seen
from sprat.studies.grounded.result import GroundedEvaluation
from sprat.studies.watching import busy_before, drift_of

SILENT = 0.5


def drift(seen: Seen) -> Iterable[Risk]:
    """The machine was not the same all the time, or not ours alone."""
    for study in seen.material.studies:
        busy = busy_before(study.environment)
        said = drift_of(study.environment) or (busy and f"The machine was busy ({busy}).")
        if said:
            mark = seen.notes.cite(study.id, "The machine meanwhile", "a watch over the machine")
            yield Risk(
                name="machine drifted",
                weight=56,
                text=f"{_plain(said)} The seconds here are longer than on a quiet machine.",
                marks=(mark,),
            )
            return


def other_machine(seen: Seen) -> Iterable[Risk]:
    """Times of two machines are not to be compared."""
    machines = {machine_of(study): study for study in seen.material.studies}
    if len(machines) > 1:
        marks = tuple(
            seen.notes.cite(study.id, "Machine", name) for name, study in machines.items()
        )
        yield Risk(
            name="other machine",
            weight=58,
            text=f"The studies come from {len(machines)} different machines: compare scores between"
            " them, not seconds, memory or energy.",
            marks=marks,
        )


def unmetered(seen: Seen) -> Iterable[Risk]:
    """Nothing measured the energy."""
    missing = _missing(seen, "energy_joules")
    if missing:
        yield Risk(
            name="energy not measured",
            weight=30,
            text=f"Energy was not measured ({missing[0].why.split(';')[0]}): what it takes in "
            "electricity is not known.",
        )


def unpriced(seen: Seen) -> Iterable[Risk]:
    """What must be declared before the money can be told."""
    missing = seen.money.missing
    if missing:
        yield Risk(
            name="price not known",
            weight=32,
            text="What it costs here is not known: nobody has said what a machine, its "
            "electricity and the hours of people cost.",
        )


def unloaded(seen: Seen) -> Iterable[Risk]:
    """Nobody tried several users at once."""
    tried = [
        cell
        for bench in seen.material.benches
        for cell in bench.cells
        if (cell.concurrency or 0) > 1 or cell.rate_per_s is not None
    ]
    if not tried and seen.lines:
        yield Risk(
            name="one user at a time",
            weight=34,
            text="Only one request at a time was measured: how long people wait when several ask "
            "at once is not known.",
        )


def overrun(seen: Seen) -> Iterable[Risk]:
    """A benchmark in which requests came faster than they were answered."""
    for bench in seen.material.benches:
        for cell in bench.cells:
            if cell.backlog_grows:
                mark = seen.notes.cite(
                    bench.run, "Load", f"{cell.id}, {cell.side}", n=cell.requests
                )
                yield Risk(
                    name="overrun",
                    weight=78,
                    text=f"{cell.side} does not keep up with {cell.rate_per_s:g} requests a "
                    "second: the queue grew as long as they came.",
                    marks=(mark,),
                )


def from_documents(seen: Seen) -> Iterable[Risk]:
    """Answers that the documents do not hold."""
    for found in seen.material.grounded:
        silence = _measure(found, "abstention_recall")
        if silence is not None and silence.value is not None and silence.value < SILENT:
            mark = seen.notes.cite(
                found.run, "Silence", "questions that the documents do not answer", n=silence.n
            )
            yield Risk(
                name="answers what the documents do not say",
                weight=82,
                text=f"Asked what the documents do not say, {found.name} keeps silent only "
                f"{silence.value:.0%} of {silence.n} times.",
                marks=(mark,),
            )


def weak_judge(seen: Seen) -> Iterable[Risk]:
    """A judge that agrees with graded answers less than a rule does."""
    for found in seen.material.judges:
        worse = [one for one in found.dimensions if not one.headline]
        if worse:
            mark = seen.notes.cite(found.run, "Judge", worse[0].why, n=worse[0].judge.n)
            yield Risk(
                name="weak judge",
                weight=62,
                text=f"{found.judge}, asked to judge answers, is not shown to agree with graded "
                "answers as well as a simple rule on "
                f"{' and '.join(one.name for one in worse)}: do not go by its grades.",
                marks=(mark,),
            )


def machine_of(study: Study) -> str:
    """Processor and system, in words."""
    parts = (study.environment.get("cpu"), study.environment.get("os"))
    return ", ".join(str(part) for part in parts if part) or "not known"


def _missing(seen: Seen, name: str) -> list[Figure]:
    figures = [line.figures[name] for line in seen.lines]
    return [figure for figure in figures if figure.value is None]


def _measure(found: GroundedEvaluation, name: str) -> "Figure | None":
    for measure in found.measures:
        if measure.name == name:
            figure = measure.figure
            return Figure(value=figure.value, low=figure.low, high=figure.high, n=figure.n)
    return None


def _plain(said: str) -> str:
    """Without the advice that stands in a report of one study."""
    return said.split(": trust the ratio", maxsplit=1)[0].rstrip(".") + "."


STUDIES = (drift, other_machine, weak_judge, unmetered, unpriced, unloaded, overrun, from_documents)
