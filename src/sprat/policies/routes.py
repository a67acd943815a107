"""The two ways that all policies share: one model alone, and the large one after a draft."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sprat.errors import ContextTooLong, SpratError, UnsupportedRequest
from sprat.policies.attempt import Attempt
from sprat.policies.spec import Which
from sprat.policies.turn import Turn
from sprat.types import ChatRequest, Delta, Path

_CANNOT = (ContextTooLong, UnsupportedRequest)
"""The model is well, but not for this request: who answers was settled before the first token."""


async def direct(
    turn: Turn, which: Which, *, why: str = "", other: Which | None = None, pinned: bool = False
) -> AsyncGenerator[Delta]:
    """One model, live; the `other` where it fails before its first piece.

    `pinned`: only where the one cannot honour the request at all, since another conversation's
    half is not the other model's to go on with.

    Raises:
        SpratError: no answer.
    """
    first = turn.begin(which, "answer", why)
    async with aclosing(turn.live(first)) as pieces:
        async for piece in pieces:
            yield piece
    if first.error is None:
        turn.keep(first, "direct")
        return
    if first.pieces or other is None or (pinned and not isinstance(first.error, _CANNOT)):
        raise first.error
    async with aclosing(_instead(turn, first, other)) as pieces:
        async for piece in pieces:
            yield piece


async def _instead(turn: Turn, first: Attempt, other: Which) -> AsyncGenerator[Delta]:
    second = turn.begin(other, "answer", f"{first.engine} gave no answer")
    async with aclosing(turn.live(second)) as pieces:
        async for piece in pieces:
            yield piece
    if second.error is not None:
        raise second.error from first.error
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
    """
    large = turn.begin("large", role, why, request)
    async with aclosing(turn.live(large)) as pieces:
        async for piece in pieces:
            yield piece
    if large.reply and (large.pieces or draft.reply is None):
        turn.keep(large, after(draft))
        return
    if large.pieces or draft.reply is None:
        raise _no_answer(large) from draft.error
    for piece in degraded(turn, draft, large):
        yield piece


def degraded(turn: Turn, draft: Attempt, large: Attempt) -> list[Delta]:
    """The draft is kept, because nothing better was to be had: its pieces."""
    said = large.error.message if large.error else f"{large.engine} answered nothing"
    draft.why = f"{draft.why}; kept, because {said}" if draft.why else f"kept, because {said}"
    turn.keep(draft, "degraded")
    return draft.pieces


def after(draft: Attempt) -> Path:
    """The path of the large model's answer after this attempt of the small one's."""
    cannot = isinstance(draft.error, _CANNOT)
    return "direct" if cannot or not draft.asked else "escalated"


def _down(large: Attempt) -> Path:
    return "direct" if isinstance(large.error, _CANNOT) else "degraded"


def _no_answer(attempt: Attempt) -> SpratError:
    if attempt.error is None:
        raise RuntimeError("an attempt that has an answer is no failure")
    return attempt.error
