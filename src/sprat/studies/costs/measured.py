"""One model in one study → what each of its answers took, and the distributions of that."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from statistics import fmean, median
from typing import TYPE_CHECKING

import msgspec

from sprat.cost.prices import Prices
from sprat.cost.rates import busy
from sprat.cost.result import Kind, MeasuredSide, Spread
from sprat.runs.statistics import percentile
from sprat.studies.asked import Asked
from sprat.studies.bench.plan import KIND as BENCH
from sprat.studies.tally import group_of, right_of
from sprat.studies.used import used_by
from sprat.types import Reply, Run, Step, Timing, Usage

if TYPE_CHECKING:
    from sprat.cost.forecast import Floats
    from sprat.cost.options import Column

_UNKNOWN = math.nan
"""In a column: not known of this answer."""


class Attempt(msgspec.Struct, frozen=True):
    """One time that a model was asked."""

    model: str
    usage: Usage | None
    timing: Timing


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One measured side: its distributions, and what each of its answers took."""

    key: str
    """What options call it: its role, with the study's id where two studies share that."""
    measured: MeasuredSide
    runs: tuple[Run, ...]
    groups: tuple[str, ...]
    """Of each run: runs of one group are not independent."""
    columns: "dict[Column, Floats]"
    """One value for each run; NaN: not known of that one. What is known of none is left out."""
    unpriced: str = ""
    """Why what it bought by the token has no price; empty: it has one, or bought nothing."""


def side_of(asked: Asked, key: str, prices: Prices) -> Side:
    """Measure one side from its stored runs."""
    runs = _chosen(asked)
    groups = tuple(_group(asked, run) for run in runs)
    return side_from(runs, groups, key, _described(asked, runs, prices), prices)


def side_from(
    runs: Sequence[Run],
    groups: tuple[str, ...],
    key: str,
    measured: MeasuredSide,
    prices: Prices,
) -> Side:
    """The columns of these runs."""
    bought = [any(prices.bought(one.model) for one in attempts_of(run)) for run in runs]
    paid = [_paid(run, prices) for run in runs]
    columns = {
        "busy_s": [_busy_s(run, prices) for run in runs] if measured.here else [],
        "joules": _joules(runs) if measured.joules else [],
        "paid_usd": paid if any(bought) else [],
        "prompt_chars": _prompt_chars(runs, measured.chars_per_token),
        "answer_chars": [float(_answer_chars(run)) for run in runs],
    }
    priced = not any(bought) or any(not math.isnan(value) for value in paid)
    return Side(
        key=key,
        measured=measured,
        runs=tuple(runs),
        groups=groups,
        columns=_arrays(columns),
        unpriced="" if priced else prices.basis(_bought_model(runs, prices)),
    )


def narrowed(side: Side, questions: Collection[str]) -> Side:
    """The same side on these questions alone; what `measured` says stays that of all."""
    kept = [at for at, run in enumerate(side.runs) if run.question in questions]
    if len(kept) == len(side.runs):
        return side
    return msgspec.structs.replace(
        side,
        runs=tuple(side.runs[at] for at in kept),
        groups=tuple(side.groups[at] for at in kept),
        columns={name: values[kept] for name, values in side.columns.items()},
    )


def attempts_of(run: Run) -> list[Attempt]:
    """Every time that a model was asked for this answer, discarded drafts too."""
    if run.reply is None:
        return []
    reply = run.reply
    steps = [one for step in reply.steps if (one := _attempt(step)) is not None]
    if _steps_are_all(reply):
        return steps
    return [*steps, Attempt(run.model, reply.usage, reply.timing)]


def _steps_are_all(reply: Reply) -> bool:
    """Of a policy, and of answers from documents; an engine's own steps come before the reply."""
    return reply.path is not None or any(
        step.kept or step.role == "retrieve" for step in reply.steps
    )


def _attempt(step: Step) -> Attempt | None:
    return None if step.timing is None else Attempt(step.engine, step.usage, step.timing)


def _chosen(asked: Asked) -> list[Run]:
    """All answers; of a benchmark those of a warm model, one at a time where it has such."""
    if asked.study.kind != BENCH:
        return list(asked.runs)
    warm = [run for run in asked.runs if run.kind == "warm"]
    return [run for run in warm if run.question.endswith("/c1")] or warm


def _group(asked: Asked, run: Run) -> str:
    if asked.study.kind == BENCH:
        return f"{run.question} {run.repeat}"
    questions = {question.id: question for question in asked.study.questions}
    question = questions.get(run.question)
    return group_of(question) if question else run.question


def _described(asked: Asked, runs: Sequence[Run], prices: Prices) -> MeasuredSide:
    replies = [run.reply for run in runs if run.reply]
    used = used_by(runs)
    here = _computes_here(asked.model.name, runs, prices)
    right = [value for run in runs if (value := right_of(run)) is not None]
    return MeasuredSide(
        run=asked.study.id,
        role=asked.model.role,
        model=asked.model.name,
        kind=_kind(asked.model.role, replies),
        here=here,
        asked=len(runs),
        errors=sum(run.error is not None for run in runs),
        busy_s=spread_of(_busy_s(run, prices) for run in runs) if here else None,
        input_tokens=spread_of(float(reply.paid.input_tokens) for reply in replies),
        output_tokens=spread_of(float(reply.paid.output_tokens) for reply in replies),
        joules=spread_of(_joules(runs)) if used.energy_joules is not None else None,
        energy_source=used.energy_source or "unavailable: not recorded by this study",
        chars_per_token=_chars_per_token(replies),
        right=sum(right) / len(right) if right else None,
        escalated=_escalated(replies),
    )


def _computes_here(model: str, runs: Sequence[Run], prices: Prices) -> bool:
    models = {one.model for run in runs for one in attempts_of(run)} or {model}
    return any(not prices.bought(name) for name in models)


def _kind(role: str, replies: Sequence[Reply]) -> Kind:
    if role == "hybrid" or any(reply.path for reply in replies):
        return "hybrid"
    return "small" if role == "small" else "large" if role == "large" else "model"


def spread_of(values: Iterable[float]) -> Spread | None:
    """A distribution of what is known; None: nothing is."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return None
    return Spread(
        n=len(known), mean=fmean(known), p50=median(known), p95=percentile(known, 95) or 0.0
    )


def _busy_s(run: Run, prices: Prices) -> float:
    """Seconds that a machine here computed; a failure's are all that it took."""
    if run.reply is None:
        return _UNKNOWN if run.elapsed_s is None else run.elapsed_s
    here = (one for one in attempts_of(run) if not prices.bought(one.model))
    return sum(max(0.0, busy(one.timing)) for one in here)


def _paid(run: Run, prices: Prices) -> float:
    """US dollars of what was bought by the token; not known as soon as one price is not."""
    total = 0.0
    for one in attempts_of(run):
        if not prices.bought(one.model) or one.usage is None:
            continue
        usd = prices.of(one.model, one.usage, one.timing)
        if usd is None:
            return _UNKNOWN
        total += usd
    return total


def _joules(runs: Sequence[Run]) -> list[float]:
    found = (run.resources.energy_joules if run.resources else None for run in runs)
    return [_UNKNOWN if value is None else value for value in found]


def _prompt_chars(runs: Sequence[Run], chars_per_token: float | None) -> list[float]:
    return [_prompt(run, chars_per_token) for run in runs]


def _prompt(run: Run, chars_per_token: float | None) -> float:
    """What the model read; of passages put before the question only the tokens are known."""
    said = sum(len(message.content) for message in run.request.messages)
    said += len(run.request.prompt or "")
    steps = run.reply.steps if run.reply else ()
    if said and not any(step.role == "retrieve" for step in steps):
        return float(said)
    if run.reply is None or chars_per_token is None:
        return _UNKNOWN
    return run.reply.usage.input_tokens * chars_per_token


def _answer_chars(run: Run) -> int:
    return len(run.reply.text) + len(run.reply.reasoning) if run.reply else 0


def _chars_per_token(replies: Sequence[Reply]) -> float | None:
    tokens = sum(reply.usage.output_tokens for reply in replies)
    chars = sum(len(reply.text) + len(reply.reasoning) for reply in replies)
    return chars / tokens if tokens and chars else None


def _escalated(replies: Sequence[Reply]) -> float | None:
    decided = [reply.path for reply in replies if reply.path]
    return sum(path == "escalated" for path in decided) / len(decided) if decided else None


def _bought_model(runs: Sequence[Run], prices: Prices) -> str:
    found: Iterator[str] = (one.model for run in runs for one in attempts_of(run))
    return next((model for model in found if prices.bought(model)), "")


def _arrays(columns: "dict[str, list[float]]") -> "dict[Column, Floats]":
    """Columns of which at least one value is known."""
    import numpy as np

    found = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    return {
        name: values  # pyright: ignore[reportReturnType] # the names are those of Column
        for name, values in found.items()
        if len(values) and not np.isnan(values).all()
    }
