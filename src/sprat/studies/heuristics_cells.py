"""The figures of the evaluation table, one small function each."""

from statistics import median

import msgspec

from sprat.cost.rates import electricity_money
from sprat.studies.asked import Asked
from sprat.studies.comparison import ModelSummary

CONTEXT_KIND = "passage"
"""Questions that must be answered from a given text alone."""
ABSTAIN = "abstain"
"""Their scorer where the text does not hold the answer."""
ANSWERS_PRICED = 1000


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One figure with its evidence. `value` None: not measured, for the reason in `why`."""

    value: float | None
    unit: str
    n: int = 0
    """Over how many loads, answers or questions."""
    low: float | None = None
    high: float | None = None
    """Its 95% interval, where it has one."""
    run: str
    """The study that it is read from."""
    how: str = ""
    """What was read, in words."""
    why: str = ""


def cold_cell(asked: Asked) -> Cell:
    """Seconds from nothing loaded to the first text: the load, and a first token after it."""
    loads = [s.cold_load_s for s in asked.model.sessions if s.cold_load_s is not None]
    whole = asked.summary()
    first_s = whole.ttft_s.p50
    cell = Cell(value=None, unit="s", run=asked.study.id)
    if not loads:
        return msgspec.structs.replace(cell, why="nothing was loaded here: an endpoint")
    if first_s is None:
        return msgspec.structs.replace(cell, why="no answer came")
    load_s = median(loads)
    return msgspec.structs.replace(
        cell,
        value=load_s + first_s,
        n=len(loads),
        how=f"load {load_s:.3g} s ({_count(len(loads), 'load')}) + first token, median "
        f"{first_s:.3g} s ({_count(whole.answered, 'answer')})",
    )


def memory_cell(asked: Asked) -> Cell:
    """Bytes that must be free for the model's own processes."""
    whole = asked.summary()
    return Cell(
        value=whole.peak_rss_bytes,
        unit="bytes",
        n=whole.answered,
        run=asked.study.id,
        how=f"peak of the model's own processes, load included, {_over(whole)}",
        why="" if whole.peak_rss_bytes is not None else "its processes are not ours to read",
    )


def gpu_cell(asked: Asked) -> Cell:
    """Bytes on GPUs, where a driver tells them by process."""
    whole = asked.summary()
    return _counted_cell(
        asked, whole.answered, whole.gpu_memory_bytes, "bytes", whole.gpu_memory_source
    )


def context_cell(asked: Asked) -> Cell:
    """Score on questions that must be answered from a given text alone, 0..1."""
    return _score_cell(
        asked, asked.summary(CONTEXT_KIND), f"score on questions of kind {CONTEXT_KIND!r}"
    )


def abstention_cell(asked: Asked) -> Cell:
    """Of those whose text does not hold the answer: how often it says so, 0..1."""
    part = asked.summary(CONTEXT_KIND, ABSTAIN)
    return _score_cell(asked, part, "of them without an answer in the text: said so")


def _score_cell(asked: Asked, part: ModelSummary, how: str) -> Cell:
    return Cell(
        value=part.score,
        unit="share",
        n=part.answered + part.errors - part.unscored,
        low=part.score_low,
        high=part.score_high,
        run=asked.study.id,
        how=how,
        why="" if part.score is not None else "the study asked no such question",
    )


def energy_cell(asked: Asked) -> Cell:
    """Joules above idle per answer."""
    whole = asked.summary()
    return _counted_cell(
        asked, whole.answered, whole.energy_joules_per_answer, "J", whole.energy_source
    )


def _counted_cell(asked: Asked, n: int, value: float | None, unit: str, source: str | None) -> Cell:
    """What a counter told, with its name; or why there was none."""
    how = source or "unavailable: not recorded by this study"
    return Cell(
        value=value,
        unit=unit,
        n=n,
        run=asked.study.id,
        how=how,
        why=_reason(how) if value is None else "",
    )


def money_cell(energy: Cell, electricity: float | None) -> Cell:
    """What those joules cost, for a thousand answers, in the currency of the price."""
    known = electricity is not None and energy.value is not None
    priced = electricity_money((energy.value or 0.0) * ANSWERS_PRICED, electricity or 0.0)
    unpriced = "" if electricity is not None else "no price: --electricity PRICE per kWh"
    return msgspec.structs.replace(
        energy,
        value=priced if known else None,
        unit=f"per {ANSWERS_PRICED} answers",
        how=f"{energy.how}; at {electricity:g} per kWh" if electricity is not None else energy.how,
        why=energy.why or unpriced,
    )


def processor_cell(asked: Asked) -> Cell:
    """Seconds of processor time per answer, over all cores."""
    whole = asked.summary()
    value = whole.processor_s_per_answer
    return Cell(
        value=value,
        unit="s",
        n=whole.answered,
        run=asked.study.id,
        how=f"processor time of the model's own processes, over all cores, {_over(whole)}",
        why="" if value is not None else "not recorded by this study, or an endpoint",
    )


def _over(whole: ModelSummary) -> str:
    return f"over {_count(whole.answered, 'answer')}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _reason(source: str) -> str:
    return source.removeprefix("unavailable: ")
