"""The `sprat` field of every reply: which model answered, and where the time went."""

from collections.abc import Sequence

import msgspec

from sprat.serve.wire.trace import Attempt, Paid, attempts_of, cost_of, paid_by, path_of, rounded
from sprat.types import Path, Reply


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds; null is "not known" (docs/metrics.md). They begin when the request arrived."""

    queue_s: float
    """In line for a place at the model."""
    load_s: float
    """Waiting for the model to load; near 0 when it was loaded."""
    prepare_s: float | None
    """Rendering the prompt and turning it into tokens."""
    first_token_s: float | None
    """From sent to the model until the first piece of the answer."""
    decode_s: float | None
    """From the first piece to the last."""
    total_s: float
    """From the request's arrival to the answer's end."""
    tokens_per_s: float | None
    """After the first token."""


class Sprat(msgspec.Struct, frozen=True, kw_only=True):
    """What this gateway adds to OpenAI's reply."""

    model: str
    """The model that answered."""
    timing: Spent
    counted_by: str
    """Who counted the tokens: `engine`, `tokenizer`, or `estimate`."""
    steps: tuple[Attempt, ...] = ()
    """Attempts: retries, and of a policy every one, the kept one too."""
    path: Path | msgspec.UnsetType = msgspec.UNSET
    """How a policy came by its answer: absent where none answered."""
    paid: Paid | msgspec.UnsetType = msgspec.UNSET
    """Of a policy: what all its attempts took."""
    cost_usd: float | msgspec.UnsetType = msgspec.UNSET
    """Of all attempts; absent: not priced."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway knows of an answer beside the reply."""

    model: str
    """As the client knows it."""
    source: str
    """As `open_engine` knows it: perhaps a path, which is nobody else's business."""
    arrived_ns: int
    taken_ns: int
    ready_ns: int


def sprat_of(reply: Reply, told: Told) -> Sprat:
    """The field for one reply."""
    return sprat_of_all([reply], told)


def sprat_of_all(replies: Sequence[Reply], told: Told) -> Sprat:
    """The field for all answers of a request: the times of the first, and the sums of all."""
    reply = replies[0]
    path, cost_usd, paid = path_of(replies), cost_of(replies), paid_by(replies)
    return Sprat(
        model=told.model,
        timing=_spent(reply, told),
        counted_by=reply.usage.counted_by,
        steps=tuple(_shown(attempt, told) for attempt in attempts_of(replies)),
        path=msgspec.UNSET if path is None else path,
        paid=msgspec.UNSET if paid is None else paid,
        cost_usd=msgspec.UNSET if cost_usd is None else cost_usd,
    )


def _spent(reply: Reply, told: Told) -> Spent:
    timing = reply.timing
    return Spent(
        queue_s=_seconds(told.arrived_ns, told.taken_ns) or 0.0,
        load_s=_seconds(told.taken_ns, told.ready_ns) or 0.0,
        prepare_s=_seconds(timing.sent_ns, timing.prepared_ns),
        first_token_s=rounded(timing.ttft_s),
        decode_s=rounded(timing.decode_s),
        total_s=_seconds(told.arrived_ns, timing.done_ns) or 0.0,
        tokens_per_s=rounded(reply.decode_tokens_per_s),
    )


def _shown(attempt: Attempt, told: Told) -> Attempt:
    """Under the name that the client knows."""
    if attempt.engine != told.source:
        return attempt
    return msgspec.structs.replace(attempt, engine=told.model)


def _seconds(start_ns: int, end_ns: int | None) -> float | None:
    return None if end_ns is None else rounded((end_ns - start_ns) / 1e9)
