"""The large model reads the small one's draft, which is quicker than to write."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from sprat.policies.attempt import Attempt
from sprat.policies.judge import accepts
from sprat.policies.routes import escalated, refused_draft
from sprat.policies.turn import ALTERNATIVES, Turn
from sprat.types import ChatRequest, Delta, Prediction


async def verify(turn: Turn) -> AsyncGenerator[Delta]:
    """`exact`, `accept` or `keep`, as `spec.Verify` says."""
    draft = await turn.draft(logprobs=False)
    if turn.policy.verify.how == "accept" and await _read_and_accepted(turn, draft):
        turn.keep(draft, "accepted")
        for piece in draft.pieces:
            yield piece
        return
    asked = _with_draft(turn, draft)
    why = "the draft saves time" if asked else "without a draft"
    async with aclosing(escalated(turn, draft, why, request=asked)) as pieces:
        async for piece in pieces:
            yield piece
    if turn.policy.verify.how == "keep" and turn.kept and turn.kept.text == draft.text:
        turn.path = "degraded" if turn.kept is draft else "accepted"


def _with_draft(turn: Turn, draft: Attempt) -> ChatRequest | None:
    """The request with the draft in it; None: there is none, or the answer is to be drawn."""
    if draft.reply is None or not draft.text or turn.request.temperature > 0:
        return None
    rules = turn.policy.verify
    tolerance = rules.tolerance if rules.how == "keep" else 0.0
    prediction = Prediction(text=draft.text, tolerance=tolerance)
    return msgspec.structs.replace(turn.request, prediction=prediction)


async def _read_and_accepted(turn: Turn, draft: Attempt) -> bool:
    if draft.reply is None or not draft.text:
        return False
    asked = reading(turn.request, draft.text)
    read = await turn.whole(turn.begin("large", "read", "how likely is the draft?", asked))
    refused_draft(read)
    if read.reply is None or not read.reply.read:
        draft.why = f"not read: {read.error.message if read.error else 'nothing was told'}"
        return False
    return await accepts(
        turn, draft, msgspec.structs.replace(draft.reply, logprobs=read.reply.read)
    )


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
