"""The large model reads the small one's draft, which is quicker than to write."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from sprat.policies.attempt import Attempt
from sprat.policies.breaker import counts
from sprat.policies.judge import accepts
from sprat.policies.routes import degrade, direct, escalated, refused_draft
from sprat.policies.turn import ALTERNATIVES, Turn
from sprat.types import ChatRequest, Delta, Prediction, Reply


async def verify(turn: Turn) -> AsyncGenerator[Delta]:
    """`exact`, `accept` or `keep`, as `spec.Verify` says; drawn answers need no draft."""
    if turn.request.temperature > 0:
        turn.gate("large", f"drawn at temperature {turn.request.temperature:g}: without a draft")
        way = direct(turn, "large", other="small")
    else:
        way = _drafted(turn)
    async with aclosing(way) as pieces:
        async for piece in pieces:
            yield piece


async def _drafted(turn: Turn) -> AsyncGenerator[Delta]:
    draft = await turn.draft(logprobs=False)
    if turn.policy.verify.how == "accept" and await _read_and_kept(turn, draft):
        for piece in draft.pieces:
            yield piece
        return
    asked = _with_draft(turn, draft)
    why = "the draft saves time" if asked else "without a draft"
    async with aclosing(escalated(turn, draft, why, request=asked)) as pieces:
        async for piece in pieces:
            yield piece
    if turn.policy.verify.how == "keep" and draft.reply and turn.kept:
        _name_path(turn, draft, turn.kept)


def _name_path(turn: Turn, draft: Attempt, kept: Attempt) -> None:
    if kept is not draft and kept.text == draft.text:
        turn.path = "accepted"


def _with_draft(turn: Turn, draft: Attempt) -> ChatRequest | None:
    """The request with the draft in it; None: there is none."""
    if draft.reply is None or not draft.text:
        return None
    rules = turn.policy.verify
    tolerance = rules.tolerance if rules.how == "keep" else 0.0
    prediction = Prediction(text=draft.text, tolerance=tolerance)
    return msgspec.structs.replace(turn.request, prediction=prediction)


async def _read_and_kept(turn: Turn, draft: Attempt) -> bool:
    """Whether the large model's reading settles it: the draft is good enough, or it is down."""
    if draft.reply is None or not draft.text:
        return False
    asked = reading(turn.request, draft.text)
    read = await turn.whole(turn.begin("large", "read", "how likely is the draft?", asked))
    refused_draft(read)
    if _is_down(read):
        degrade(turn, draft, read)
    elif read.reply is None or not read.reply.read:
        draft.why = f"not read: {read.error.message if read.error else 'nothing was told'}"
    elif await accepts(turn, draft, _as_read(draft.reply, read.reply)):
        turn.keep(draft, "accepted")
    return turn.kept is draft


def _is_down(read: Attempt) -> bool:
    """Whether to ask once more would be no use, and one more failure of the same model."""
    return read.error is not None and (not read.asked or counts(read.error))


def _as_read(draft: Reply, read: Reply) -> Reply:
    return msgspec.structs.replace(draft, logprobs=read.read)


def reading(request: ChatRequest, draft: str) -> ChatRequest:
    """Read the draft as the answer to this conversation; nothing is generated."""
    return ChatRequest(
        messages=request.messages,
        prompt=request.prompt,
        model=request.model,
        max_tokens=request.max_tokens,
        logprobs=ALTERNATIVES,
        prediction=Prediction(text=draft, read_only=True),
    )
