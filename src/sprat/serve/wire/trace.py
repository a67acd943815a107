"""What the `sprat` field says of the attempts behind an answer, and of what all of them took."""

from collections.abc import Sequence

import msgspec

from sprat.types import Path, Reply, Step, Usage


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt behind the reply. Its text, where it was not kept, is nobody's business."""

    role: str
    """`draft`, `answer`, `refine`, `read`, `check`, `sample`, `gate`, `retry` …"""
    engine: str
    """The model that was asked."""
    why: str
    """Why it was tried, or why its result was kept or not."""
    choice: int = 0
    """Which of the answers of a request with `n` it belongs to."""
    kept: bool = False
    """Whether the reply's text is this attempt's."""
    confidence: float | None = None
    """The probability, 0 to 1, that it is right, as the policy judged it; null: not judged."""
    calibrated: bool = False
    """Whether that was learned from labelled answers; else it follows a rule."""
    waited_s: float | None = None
    """In line for a place at the model, and until it was loaded."""
    first_token_s: float | None = None
    """From sent to the model until its first piece."""
    seconds: float | None = None
    """From sent to the model until its answer's end."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    """Null: not priced."""
    error: str | None = None
    """Why there was no answer."""


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of all attempts, discarded drafts included; `usage` is that of the kept one."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    """Of the input tokens, how many were not computed again."""


def attempts_of(replies: Sequence[Reply]) -> tuple[Attempt, ...]:
    """The attempts behind all answers of a request, in order."""
    return tuple(
        _attempt(step, choice) for choice, reply in enumerate(replies) for step in reply.steps
    )


def paid_by(replies: Sequence[Reply]) -> Paid | None:
    """What the attempts behind all answers took; None where no policy answered."""
    if all(reply.path is None for reply in replies):
        return None
    return paid_of([reply.paid for reply in replies])


def paid_of(sums: Sequence[Usage]) -> Paid:
    """The sum of several counts."""
    return Paid(
        input_tokens=sum(one.input_tokens for one in sums),
        output_tokens=sum(one.output_tokens for one in sums),
        cached_tokens=sum(one.cached_tokens for one in sums),
    )


def path_of(replies: Sequence[Reply]) -> Path | None:
    """How the policy came by all of them; None where they differ, or no policy answered."""
    first = replies[0].path if replies else None
    return first if all(reply.path == first for reply in replies) else None


def cost_of(replies: Sequence[Reply]) -> float | None:
    """What all of them cost; None: the price of one of them is not known."""
    costs = [reply.cost_usd for reply in replies if reply.cost_usd is not None]
    return sum(costs) if costs and len(costs) == len(replies) else None


def _attempt(step: Step, choice: int) -> Attempt:
    timing, usage = step.timing, step.usage
    return Attempt(
        role=step.role,
        engine=step.engine,
        why=step.why,
        choice=choice,
        kept=step.kept,
        confidence=rounded(step.confidence),
        calibrated=step.calibrated,
        waited_s=_waited_s(step),
        first_token_s=rounded(timing.ttft_s) if timing else None,
        seconds=rounded(timing.answer_s) if timing else None,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cost_usd=step.cost_usd,
        error=step.error,
    )


def _waited_s(step: Step) -> float | None:
    """Only an answer says when its own wait began; an error's clock began with the request."""
    if step.timing is None or step.finish is None:
        return None
    return rounded((step.timing.sent_ns - step.timing.scheduled_ns) / 1e9)


def rounded(value: float | None) -> float | None:
    """To a millionth."""
    return None if value is None else round(value, 6)
