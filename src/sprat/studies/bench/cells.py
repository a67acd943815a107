"""From the stored rounds of a benchmark to its cells and sides."""

from collections.abc import Sequence
from statistics import median

from sprat.runs.study import Study, StudyModel
from sprat.studies.bench.figures import (
    COMPARED,
    READ,
    backlog_grows,
    per_second,
    ratios,
    spread,
    values_of,
)
from sprat.studies.bench.kept import Kept
from sprat.studies.bench.plan import BenchPlan, Setup
from sprat.studies.bench.result import Cell, EndedBy, Energy, SideSummary
from sprat.studies.bench.times import mean_phases
from sprat.studies.paths import paths_of
from sprat.studies.used import each, sum_of, used_by, with_growth
from sprat.types import Reply, Resources, Run

POOLED = Energy(
    joules=None,
    noise_joules=None,
    joules_per_token=None,
    joules_per_answer=None,
    source="unavailable: no warm requests, and other conditions are not pooled; see the rows",
)
"""Of a side that was asked under several conditions, none of them warm."""


def cells_of(study: Study, plan: BenchPlan, kept: Kept, setup: Setup) -> list[Cell]:
    """Every side that was asked under one setup, in the order of the study."""
    names: list[str] = study.settings["sides"]
    asked = [name for name in names if kept.rounds(setup.id, name)]
    return [_cell(study, plan, kept, setup, name, asked) for name in asked]


def _cell(
    study: Study, plan: BenchPlan, kept: Kept, setup: Setup, side: str, asked: Sequence[str]
) -> Cell:
    by_number = kept.rounds(setup.id, side)
    rounds = list(by_number.values())
    runs = [run for one in rounds for run in one]
    replies, used = [run.reply for run in runs if run.reply], used_by(runs)
    reference = asked[0] if side != asked[0] else None
    spreads = {name: spread(values_of(rounds, name), plan.seed) for name in READ}
    return Cell(
        id=setup.id,
        side=side,
        condition=setup.condition,
        prompt_tokens=setup.prompt_tokens,
        output_tokens=setup.output_tokens,
        concurrency=setup.concurrency,
        rate_per_s=setup.rate_per_s,
        rounds=len(rounds),
        requests=len(runs),
        errors=sum(run.error is not None for run in runs),
        ended_by=_ended_by(study, plan, kept, setup, asked),
        input_tokens=_median([reply.paid.input_tokens for reply in replies]),
        real_output_tokens=_median([reply.paid.output_tokens for reply in replies]),
        cached_tokens=_median([reply.usage.cached_tokens for reply in replies]),
        pieces=_median([len(reply.timing.chunks_ns) for reply in replies]),
        counted_by=_counted_by(replies),
        **spreads,
        tokens_per_s=per_second(rounds, lambda reply: reply.usage.output_tokens, plan.seed),
        requests_per_s=per_second(rounds, lambda _: 1, plan.seed),
        phases=mean_phases(replies),
        backlog_grows=None if setup.rate_per_s is None else backlog_grows(rounds),
        energy=_energy(used, runs),
        processor_s_per_answer=each(used.processor_s, len(runs)),
        peak_rss_bytes=used.peak_rss_bytes,
        gpu_memory_bytes=used.gpu_memory_bytes,
        against=reference,
        ratios=ratios(by_number, kept.rounds(setup.id, reference), plan.seed, COMPARED)
        if reference
        else (),
    )


def side_of(
    model: StudyModel, runs: Sequence[Run], seed: int, cost_basis: str | None = None
) -> SideSummary:
    """One side over all its requests."""
    loads = [s.cold_load_s for s in model.sessions if s.cold_load_s is not None]
    loads += [load for run in runs if run.reply and (load := run.reply.timing.load_s) is not None]
    used = with_growth(used_by(runs), model.sessions)
    warmed = [s for s in model.sessions if s.stable is not None]
    return SideSummary(
        name=model.role,
        model=model.name,
        provider=model.sessions[0].provider if model.sessions else None,
        nodes=model.sessions[0].nodes if model.sessions else None,
        cold_load_s=spread([[load] for load in loads], seed),
        warm_up_requests=sum(s.warm_up_requests or 0 for s in warmed) if warmed else None,
        stable=all(s.stable for s in warmed) if warmed else None,
        requests=len(runs),
        errors=sum(run.error is not None for run in runs),
        peak_rss_bytes=used.peak_rss_bytes,
        gpu_memory_bytes=used.gpu_memory_bytes,
        gpu_memory_source=used.gpu_memory_source,
        energy=_energy_of_one_condition(runs),
        identity=model.identity,
        cost_usd_per_answer=_cost_each(one_condition(runs)),
        cost_basis=cost_basis,
        paths=paths_of([(run.reply, None) for run in one_condition(runs) if run.reply]),
    )


def _cost_each(runs: Sequence[Run]) -> float | None:
    costs = [run.reply.cost_usd for run in runs if run.reply]
    return each(sum_of(costs), len(costs))


def one_condition(runs: Sequence[Run]) -> Sequence[Run]:
    """The warm requests if there are any, else those of the only condition; else none."""
    conditions = {run.kind for run in runs}
    one = conditions if len(conditions) == 1 else conditions & {"warm"}
    return [run for run in runs if run.kind in one]


def _energy_of_one_condition(runs: Sequence[Run]) -> Energy:
    """Of the warm requests if there are any: conditions are never pooled, least of all loads."""
    own = one_condition(runs)
    if own:
        return _energy(used_by(own), own)
    every = _energy(used_by(runs), runs)
    return every if every.joules is None else POOLED  # not measured at all: for its own reason


def _energy(used: Resources, runs: Sequence[Run]) -> Energy:
    replies = [run.reply for run in runs if run.reply]
    tokens = sum(reply.usage.output_tokens for reply in replies)
    return Energy(
        joules=used.energy_joules,
        noise_joules=used.energy_noise_joules,
        joules_per_token=each(used.energy_joules, tokens),
        joules_per_answer=each(used.energy_joules, len(replies)),
        source=used.energy_source,
    )


def _ended_by(
    study: Study, plan: BenchPlan, kept: Kept, setup: Setup, asked: Sequence[str]
) -> EndedBy:
    if kept.precise(setup.id, asked):
        return "precision"
    if all(len(kept.rounds(setup.id, side)) >= plan.rounds for side in asked):
        return "rounds"
    return "budget" if study.status == "done" else "interrupted"


def _counted_by(replies: Sequence[Reply]) -> str | None:
    seen = {reply.usage.counted_by for reply in replies}
    return next((how for how in ("estimate", "tokenizer", "engine") if how in seen), None)


def _median(values: Sequence[int]) -> float | None:
    return median(values) if values else None
