"""Seconds, tokens and joules of the same questions before and now, with intervals."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from sprat.runs.blocks import rate_interval
from sprat.runs.intervals import Interval
from sprat.types import Reply, Run

Pairs = Sequence[tuple[Run, Run]]
"""(before, now) of each question."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Something measured of each answer: means over the questions that both sides have it of."""

    name: str
    """`first token`, `answer`, `tokens in`, `tokens out`, `energy`."""
    unit: str
    """`s`, `tokens` or `J`."""
    n: int
    before: float | None
    """Mean; None: no question has it on both sides."""
    now: float | None
    difference: float | None
    """Now minus before."""
    low: float | None
    high: float | None
    """The 95% interval of `difference`; None: too few questions for one."""


class _Measure(NamedTuple):
    name: str
    unit: str
    of: Callable[[Run], float | None]


def figures_of(pairs: Pairs, seed: int) -> tuple[Figure, ...]:
    """Everything that is measured of an answer. What was never measured is there, as None."""
    return tuple(_figure(measure, pairs, seed) for measure in _MEASURES)


def block_interval(values: Sequence[float], seed: int) -> Interval | None:
    """Of the mean of values in the order of time, whose neighbours share the state of the machine.

    Neighbours are resampled together, about n^(1/3) at a time; None for fewer than three blocks.

    Source: Künsch (1989), Annals of Statistics 17:1217 (blocks); Hall, Horowitz & Jing (1995),
    Biometrika 82:561 (their length).
    """
    length = max(1, round(len(values) ** (1 / 3)))
    blocks = [values[at : at + length] for at in range(0, len(values), length)]
    sums = [sum(block) for block in blocks]
    return rate_interval(sums, [float(len(block)) for block in blocks], seed=seed)


def _figure(measure: _Measure, pairs: Pairs, seed: int) -> Figure:
    in_time = sorted(pairs, key=lambda pair: pair[1].position)
    both = [(measure.of(before), measure.of(now)) for before, now in in_time]
    known = [(a, b) for a, b in both if a is not None and b is not None]
    differences = [b - a for a, b in known]
    bounds = block_interval(differences, seed) if known else None
    n = len(known)
    return Figure(
        name=measure.name,
        unit=measure.unit,
        n=n,
        before=sum(a for a, _ in known) / n if n else None,
        now=sum(b for _, b in known) / n if n else None,
        difference=sum(differences) / n if n else None,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
    )


def _of_reply(read: Callable[[Reply], float | None]) -> Callable[[Run], float | None]:
    return lambda run: read(run.reply) if run.reply else None


def _joules(run: Run) -> float | None:
    return run.resources.energy_joules if run.resources else None


_MEASURES = (
    _Measure("first token", "s", _of_reply(lambda reply: reply.timing.ttft_s)),
    _Measure("answer", "s", _of_reply(lambda reply: reply.timing.answer_s)),
    _Measure("tokens in", "tokens", _of_reply(lambda reply: reply.paid.input_tokens)),
    _Measure("tokens out", "tokens", _of_reply(lambda reply: reply.paid.output_tokens)),
    _Measure("energy", "J", _joules),
)
