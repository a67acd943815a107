"""The result in the field names of the workshop's benchmark script."""

from collections.abc import Sequence
from statistics import fmean

from sprat.runs.statistics import percentile
from sprat.studies.bench.kept import Kept
from sprat.studies.bench.plan import Setup
from sprat.studies.bench.result import WorkshopLine
from sprat.types import Reply


def workshop_lines(
    kept: Kept, setups: Sequence[Setup], sides: Sequence[str]
) -> tuple[WorkshopLine, ...]:
    """One line per side over its first warm setup: what the script would have asked."""
    warm = next((setup for setup in setups if setup.condition == "warm"), None)
    if warm is None:
        return ()
    found = [_line(kept, warm, side) for side in sides]
    return tuple(line for line in found if line)


def _line(kept: Kept, setup: Setup, side: str) -> WorkshopLine | None:
    rounds = kept.rounds(setup.id, side)
    replies = [run.reply for runs in rounds.values() for run in runs if run.reply]
    if not replies:
        return None
    taken = [reply.timing.answer_s for reply in replies]
    first = [t for reply in replies if (t := reply.timing.ttft_s) is not None]
    return WorkshopLine(
        alias=side,
        latency_avg=fmean(taken),
        latency_p95=percentile(taken, 95) or 0.0,
        tokens_per_sec_avg=fmean(map(_all_tokens_per_s, replies)),
        rounds=len(rounds),
        first_token_latency_avg=fmean(first) if first else None,
    )


def _all_tokens_per_s(reply: Reply) -> float:
    usage = reply.usage
    return (usage.input_tokens + usage.output_tokens) / reply.timing.answer_s
