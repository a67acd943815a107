"""A policy's answers by the way they came: accepted, escalated, direct, degraded."""

from collections.abc import Sequence
from statistics import fmean
from typing import get_args

from sprat.runs.statistics import percentile
from sprat.studies.comparison import PathSummary, Percentiles
from sprat.studies.used import sum_of
from sprat.types import Path, Reply

Scored = tuple[Reply, float | None]
"""An answer and its score; None: not scored."""


def paths_of(answers: Sequence[Scored]) -> tuple[PathSummary, ...]:
    """One summary per path that was taken; empty where no policy answered."""
    total = sum(reply.path is not None for reply, _ in answers)
    found: list[PathSummary] = []
    for path in get_args(Path):
        own = [one for one in answers if one[0].path == path]
        if own:
            found.append(_summary(path, own, total))
    return tuple(found)


def _summary(path: Path, answers: Sequence[Scored], total: int) -> PathSummary:
    replies = [reply for reply, _ in answers]
    scores = [score for _, score in answers if score is not None]
    return PathSummary(
        path=path,
        n=len(replies),
        share=len(replies) / total,
        score=fmean(scores) if scores else None,
        ttft_s=percentiles([reply.timing.ttft_s for reply in replies]),
        answer_s=percentiles([reply.timing.answer_s for reply in replies]),
        cost_usd=sum_of([reply.cost_usd for reply in replies]),
        input_tokens=sum(reply.paid.input_tokens for reply in replies),
        output_tokens=sum(reply.paid.output_tokens for reply in replies),
    )


def percentiles(values: Sequence[float | None]) -> Percentiles:
    """Median and p95 of what is known."""
    known = [value for value in values if value is not None]
    return Percentiles(percentile(known, 50), percentile(known, 95))
