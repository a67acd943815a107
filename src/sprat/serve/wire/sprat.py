"""The `sprat` field of every reply: which model answered, and where the time went."""

import msgspec

from sprat.types import Reply, Step


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt behind the reply."""

    role: str
    engine: str
    why: str


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
    """Attempts before this answer, retries and discarded drafts among them."""


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
    timing = reply.timing
    return Sprat(
        model=told.model,
        timing=Spent(
            queue_s=_seconds(told.arrived_ns, told.taken_ns) or 0.0,
            load_s=_seconds(told.taken_ns, told.ready_ns) or 0.0,
            prepare_s=_seconds(timing.sent_ns, timing.prepared_ns),
            first_token_s=_rounded(timing.ttft_s),
            decode_s=_rounded(timing.decode_s),
            total_s=_seconds(told.arrived_ns, timing.done_ns) or 0.0,
            tokens_per_s=_rounded(reply.decode_tokens_per_s),
        ),
        counted_by=reply.usage.counted_by,
        steps=tuple(_attempt(step, told) for step in reply.steps),
    )


def _attempt(step: Step, told: Told) -> Attempt:
    engine = told.model if step.engine == told.source else step.engine
    return Attempt(role=step.role, engine=engine, why=step.why)


def _seconds(start_ns: int, end_ns: int | None) -> float | None:
    return None if end_ns is None else _rounded((end_ns - start_ns) / 1e9)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
