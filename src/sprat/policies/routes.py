"""The two ways that all policies share: one model alone, and the large one after a draft."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sprat.errors import ContextTooLong, PolicyError, SpratError, UnsupportedRequest
from sprat.policies.attempt import Attempt
from sprat.policies.spec import Which
from sprat.policies.turn import Turn
from sprat.types import ChatRequest, Delta, Path

_CANNOT = (ContextTooLong, UnsupportedRequest)
"""The model is well, but not for this request: who answers was settled before the first token."""


async def direct(
    turn: Turn,
    which: Which,
    *,
    other: Which | None = None,
    pinned: bool = False,
    request: ChatRequest | None = None,
) -> AsyncGenerator[Delta]:
    """One model, live; the `other` where it fails before its first piece.

    `pinned`: only where the one cannot honour the request at all, since a conversation that one
    model began with its tools is not the other's to go on with.

    Raises:
        SpratError: no answer.
    """
    first = turn.begin(which, "answer", request=request)
    async with aclosing(turn.live(first)) as pieces:
        async for piece in pieces:
            yield piece
    if first.error is None:
        turn.keep(first, "direct")
        return
    if turn.refused_logprobs(first):
        way = direct(turn, which, other=other, pinned=pinned)
    elif first.pieces or other is None or (pinned and not isinstance(first.error, _CANNOT)):
        raise first.error
    else:
        way = _instead(turn, first, other)
    async with aclosing(way) as pieces:
        async for piece in pieces:
            yield piece


async def _instead(turn: Turn, first: Attempt, other: Which) -> AsyncGenerator[Delta]:
    second = turn.begin(other, "answer", f"{first.engine} gave no answer", anew=True)
    async with aclosing(turn.live(second)) as pieces:
        async for piece in pieces:
            yield piece
    if second.error is not None:
        raise both(first, second.error) from first.error
    turn.keep(second, after(first) if other == "large" else _down(first))


async def escalated(
    turn: Turn,
    draft: Attempt,
    why: str,
    *,
    role: str = "answer",
    request: ChatRequest | None = None,
) -> AsyncGenerator[Delta]:
    """The large model, live; the draft where that fails before its first piece.

    Raises:
        SpratError: neither has an answer.
        PolicyError: the large model cannot read drafts, and is asked to.
    """
    large = turn.begin("large", role, why, request)
    async with aclosing(turn.live(large)) as pieces:
        async for piece in pieces:
            yield piece
    if large.reply and (large.pieces or draft.reply is None):
        turn.keep(large, after(draft))
        return
    async with aclosing(_without(turn, draft, large)) as pieces:
        async for piece in pieces:
            yield piece


async def _without(turn: Turn, draft: Attempt, large: Attempt) -> AsyncGenerator[Delta]:
    """What there is to say when the large model said nothing, or broke off."""
    if large.error is not None and (large.pieces or not (draft.reply or draft.cut)):
        raise both(draft, large.error) from draft.error
    if refused_draft(large):
        way = escalated(turn, draft, "again, without the draft", role=large.role)
    elif draft.reply is None:
        way = _once_more(turn, large)
    else:
        degrade(turn, draft, large)
        for piece in draft.pieces:
            yield piece
        return
    async with aclosing(way) as pieces:
        async for piece in pieces:
            yield piece


async def _once_more(turn: Turn, large: Attempt) -> AsyncGenerator[Delta]:
    """The small model's whole answer, where its draft was given up too early."""
    again = turn.begin("small", "retry", f"{large.engine} gave no answer", anew=True)
    async with aclosing(turn.live(again)) as pieces:
        async for piece in pieces:
            yield piece
    if again.error is not None:
        raise both(large, again.error) from large.error
    turn.keep(again, "degraded")


def degrade(turn: Turn, draft: Attempt, large: Attempt) -> None:
    """Keep the draft, because nothing better was to be had."""
    said = large.error.message if large.error else f"{large.engine} answered nothing"
    draft.why = f"{draft.why}; kept, because {said}" if draft.why else f"kept, because {said}"
    turn.keep(draft, "degraded")


def both(first: Attempt, last: SpratError) -> SpratError:
    """The last error, with what the first attempt failed of in its message too."""
    if first.error is None:
        return last
    told = f"{last.message} Before that {first.engine} gave no answer: {first.error.message}"
    joined = type(last).__new__(type(last), told)
    joined.__dict__.update(last.__dict__)
    joined.message = told
    return joined


def after(draft: Attempt) -> Path:
    """The path of the large model's answer after this attempt of the small one's."""
    cannot = isinstance(draft.error, _CANNOT)
    return "direct" if cannot or not draft.asked else "escalated"


def _down(large: Attempt) -> Path:
    return "direct" if isinstance(large.error, _CANNOT) else "degraded"


def refused_draft(large: Attempt) -> bool:
    """Whether the large model would not have the draft, in what else was asked of it.

    Raises:
        PolicyError: nothing else was asked: it cannot read drafts at all.
    """
    request, error = large.request, large.error
    asked = large.asked and request.prediction is not None
    if not asked or not isinstance(error, UnsupportedRequest):
        return False
    if error.param not in {None, "prediction"}:
        return False
    plain = ChatRequest(
        messages=request.messages,
        prompt=request.prompt,
        max_tokens=request.max_tokens,
        logprobs=request.logprobs,
        prediction=request.prediction,
        scheduled_ns=request.scheduled_ns,
        model=request.model,
        seed=request.seed,
    )
    if request == plain:
        raise PolicyError(
            f"{large.engine} cannot read drafts, which a verify policy is made of: {error.message}",
            fix="Name a large model that runs on this machine, or make a cascade of the two.",
        ) from error
    return True
