"""What a closed record says in numbers: one definition for the log, the metrics and the traces."""

from collections.abc import Iterator

import msgspec

from sprat.serve.ledger import Record
from sprat.serve.wire.trace import Paid, cost_of, paid_of
from sprat.types import Path, Step


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one request. None: it did not get so far."""

    input_tokens: int
    """As its client is told; 0 when there was no reply."""
    output_tokens: int
    queue_s: float | None
    """From its arrival to its place at the model."""
    load_s: float | None
    """From its place to a loaded model; about 0 when it was loaded already."""
    first_s: float | None
    """From its arrival to the first piece of an answer."""
    total_s: float
    """From its arrival to its end."""
    code: str | None
    """Of the error, or why it was cancelled; None when it was completed."""
    path: str | None
    """The way of all answers of a policy, or that they were on; None: they differ."""
    engines: tuple[str, ...]
    """The models that a policy asked, in order."""
    paid: Paid | None
    """Tokens of all attempts of a policy, cut ones by estimate."""
    cost_usd: float | None
    """Of all attempts, cut ones too; None: not priced."""


def figures(record: Record) -> Figures:
    """The figures of a closed record."""
    usages = [reply.usage for reply in record.replies]
    arrived = record.arrived_ns
    return Figures(
        input_tokens=sum(usage.input_tokens for usage in usages) // _answers_each(record),
        output_tokens=sum(usage.output_tokens for usage in usages),
        queue_s=_between(arrived, record.taken_ns),
        load_s=None if record.taken_ns is None else _between(record.taken_ns, record.ready_ns),
        first_s=_between(arrived, record.first_ns),
        total_s=_between(arrived, record.done_ns) or 0.0,
        code=_code(record),
        path=_path(record),
        engines=tuple(step.engine for step in _steps(record) if step.role != "gate"),
        paid=_paid(record),
        cost_usd=_cost_usd(record),
    )


def _steps(record: Record) -> Iterator[Step]:
    """A policy's attempts, also those of answers that were cut or failed."""
    for trail in record.trails:
        yield from trail.steps


def _path(record: Record) -> Path | None:
    first = record.trails[0].path if record.trails else None
    return first if all(trail.path == first for trail in record.trails) else None


def _paid(record: Record) -> Paid | None:
    usages = [step.usage for step in _steps(record) if step.usage is not None]
    return paid_of(usages) if usages else None


def _cost_usd(record: Record) -> float | None:
    if not record.policy:
        return cost_of(record.replies)
    costs = [trail.cost_usd for trail in record.trails if trail.cost_usd is not None]
    return sum(costs) if costs and len(costs) == len(record.trails) else None


def _answers_each(record: Record) -> int:
    """`n`: every prompt of a request is asked for so many answers, and counts once."""
    prompts = {(id(asked.messages), asked.prompt) for asked in record.requests}
    return max(len(record.replies) // max(len(prompts), 1), 1)


def _between(start_ns: int, end_ns: int | None) -> float | None:
    return None if end_ns is None else (end_ns - start_ns) / 1e9


def _code(record: Record) -> str | None:
    if record.outcome == "completed":
        return None
    if record.problem is not None:
        return record.problem.code or record.problem.type
    return record.reason or "unforeseen"
