"""What a reader must know before believing a benchmark's figures."""

from collections.abc import Sequence
from statistics import median

from sprat.runs.study import Study
from sprat.studies.bench.drift import drifted
from sprat.studies.bench.figures import values_of
from sprat.studies.bench.kept import Kept
from sprat.studies.bench.plan import BenchPlan, all_setups
from sprat.studies.bench.result import Cell, SideSummary, Unmeasured

OFF = 0.02
"""A length of prompt or answer further from the wished one than this share is said."""
SLOWER = 1.1
"""Answers of the last third of the rounds so many times slower than the first: it drifted."""
MIN_TREND = 9
"""Rounds below which no trend is looked for."""
CACHED = 0.02
HALF = 0.5
"""In the prefix-cached condition a prompt less of which was cached was computed, not looked up."""
BUNDLED = 0.7
"""Fewer pieces a token than this, and tokens came several at a time."""
LATE_S = 0.005


def degraded(study: Study, plan: BenchPlan, kept: Kept) -> tuple[str, ...]:
    """Why the run is worth less than it seems: the machine's drift, and that of the times."""
    drift = drifted(study.environment, study.environment.get("end"))
    return (*drift, *_trends(study, plan, kept))


def warnings_of(
    study: Study,
    plan: BenchPlan,
    kept: Kept,
    cells: Sequence[Cell],
    sides: Sequence[SideSummary],
) -> tuple[str, ...]:
    """Everything else."""
    found = [
        _interrupted(study),
        *(_failed(side) for side in sides),
        *(_unstable(side) for side in sides),
        *(_lengths(cell, plan) for cell in cells),
        *(_cached(cell) for cell in cells),
        *(_uncached(cell, kept) for cell in cells),
        *(_bundled(cell) for cell in cells),
        *(_backlog(cell) for cell in cells),
        *(_late(cell) for cell in cells),
        _imprecise(cells, plan),
        _other_tokenizers(cells),
        _estimated(cells),
    ]
    return tuple(dict.fromkeys(line for line in found if line))


def unmeasured_of(study: Study, plan: BenchPlan) -> tuple[Unmeasured, ...]:
    """What could not be measured; a side that fails alike everywhere stands once, as a whole."""
    found: list[Unmeasured] = []
    by_role = {model.role: model for model in study.models}
    for model in (by_role[name] for name in study.settings["sides"]):
        whys = model.unmeasured
        if len(whys) == len(plan.conditions) and len(set(whys.values())) == 1:
            why = whys[plan.conditions[0]]
            found.append(Unmeasured(side=model.role, condition=None, why=why))
        else:
            found += [
                Unmeasured(side=model.role, condition=one, why=whys[one])
                for one in plan.conditions
                if one in whys
            ]
    return tuple(found)


def _trends(study: Study, plan: BenchPlan, kept: Kept) -> list[str]:
    sides: list[str] = study.settings["sides"]
    found: list[str] = []
    for setup in all_setups(plan):
        for side in sides:
            rounds = values_of(list(kept.rounds(setup.id, side).values()), "answer_s")
            third = len(rounds) // 3
            if len(rounds) < MIN_TREND or not any(rounds[:third]) or not any(rounds[-third:]):
                continue
            first = median(v for one in rounds[:third] for v in one)
            last = median(v for one in rounds[-third:] for v in one)
            if last > SLOWER * first:
                more = f"{last / first - 1:.0%}"
                found.append(f"{side}, {setup.id}: answers grew {more} slower during the study.")
    return found


def _interrupted(study: Study) -> str:
    if study.status == "done":
        return ""
    if study.status == "running":
        return "Still running: this is what was measured so far."
    why = f" ({study.note})" if study.note else ""
    return f"Not finished{why}. Go on with: sprat bench --resume {study.id}"


def _failed(side: SideSummary) -> str:
    if not side.errors:
        return ""
    return f"{side.name}: {side.errors} of {side.requests} requests failed; they have no times."


def _unstable(side: SideSummary) -> str:
    if side.stable is not False:
        return ""
    return (
        f"{side.name}: the times had not settled after {side.warm_up_requests} requests of "
        "warm-up: something else uses the machine, or the server."
    )


def _lengths(cell: Cell, plan: BenchPlan) -> str:
    if plan.prompt is not None or cell.input_tokens is None or cell.real_output_tokens is None:
        return ""
    parts: list[str] = []
    wished = cell.prompt_tokens or 0
    if abs(cell.input_tokens - wished) > max(1, OFF * wished):
        parts.append(f"prompts have {cell.input_tokens:g} tokens, not {wished}")
    if abs(cell.real_output_tokens - cell.output_tokens) > OFF * cell.output_tokens:
        parts.append(f"answers {cell.real_output_tokens:g}, not {cell.output_tokens}")
    return f"{cell.side}, {cell.id}: {'; '.join(parts)}." if parts else ""


def _cached(cell: Cell) -> str:
    cached, whole = cell.cached_tokens or 0, cell.input_tokens or 0
    if cell.condition == "prefix-cached" or cached <= CACHED * whole:
        return ""
    return (
        f"{cell.side}, {cell.id}: {cached:g} of {whole:g} prompt tokens came from a cache although "
        "the prompts differ: what stands before them is the same."
    )


def _uncached(cell: Cell, kept: Kept) -> str:
    """A cached row that mixes both: the first request of a worker, or one whose cache was lost."""
    if cell.condition != "prefix-cached":
        return ""
    rounds = kept.rounds(cell.id, cell.side).values()
    usages = [run.reply.usage for runs in rounds for run in runs if run.reply]
    computed = sum(usage.cached_tokens < HALF * usage.input_tokens for usage in usages)
    if not computed:
        return ""
    return (
        f"{cell.side}, {cell.id}: of {len(usages)} prompts {computed} came from a cache by less "
        "than half, as far as the engine says: this row mixes answers with and without it."
    )


def _bundled(cell: Cell) -> str:
    pieces, tokens = cell.pieces, cell.real_output_tokens
    if not pieces or not tokens or pieces >= BUNDLED * tokens:
        return ""
    return (
        f"{cell.side}, {cell.id}: {tokens:g} tokens came in {pieces:g} pieces: guessed, as a local "
        "model does where a text repeats itself, or bundled by a server. Other text takes longer."
    )


def _backlog(cell: Cell) -> str:
    if not cell.backlog_grows:
        return ""
    return (
        f"{cell.side}: {cell.rate_per_s:g} requests a second are more than it answers. The backlog "
        "grew, so these latencies say how long a round was, not how long an answer takes."
    )


def _late(cell: Cell) -> str:
    if cell.phases.send_s is None or cell.phases.send_s < LATE_S:
        return ""
    return (
        f"{cell.side}, {cell.id}: requests left {cell.phases.send_s * 1000:.0f} ms late on average "
        "(sent again after a refusal, or the load generator itself was slow)."
    )


def _imprecise(cells: Sequence[Cell], plan: BenchPlan) -> str:
    wide = sum(cell.ended_by != "precision" for cell in cells)
    if not wide:
        return ""
    return (
        f"{wide} of {len(cells)} rows ended before every median was known to within "
        f"{plan.precision:.0%}: give them a larger --budget or --rounds, or read the intervals."
    )


def _other_tokenizers(cells: Sequence[Cell]) -> str:
    if len({cell.side.partition("@")[0] for cell in cells}) < 2:
        return ""
    return (
        "Different models may cut text into tokens differently: compare characters per second and "
        "seconds per answer, not tokens per second."
    )


def _estimated(cells: Sequence[Cell]) -> str:
    guessed = sorted({cell.side for cell in cells if cell.counted_by == "estimate"})
    return f"Token counts of {', '.join(guessed)} are estimates." if guessed else ""
