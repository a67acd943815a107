"""The small model answers; a confidence decides whether the large one answers again."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sprat.policies.judge import accepts
from sprat.policies.routes import escalated
from sprat.policies.turn import Turn
from sprat.types import Delta


async def cascade(turn: Turn) -> AsyncGenerator[Delta]:
    """Nothing is yielded before the decision: then the draft, or the large model live."""
    draft = await turn.draft(logprobs=turn.policy.decision.logistic is not None)
    if await accepts(turn, draft):
        turn.keep(draft, "accepted")
        for piece in draft.pieces:
            yield piece
        return
    why = "the draft was not good enough" if draft.reply else f"{draft.engine} gave no answer"
    async with aclosing(escalated(turn, draft, why)) as pieces:
        async for piece in pieces:
            yield piece
