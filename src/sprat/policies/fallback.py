"""The small model answers; the large one where that fails, or rules find a fault."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sprat.policies.routes import escalated
from sprat.policies.rules import faults
from sprat.policies.turn import Turn
from sprat.types import Delta


async def fallback(turn: Turn) -> AsyncGenerator[Delta]:
    """The small model's answer where nothing is wrong with it, else the large one's, live."""
    draft = await turn.draft(logprobs=False)
    found = faults(turn.policy.rules, turn.request, draft.reply) if draft.reply else []
    if draft.reply and not found:
        draft.why = "no fault found"
        turn.keep(draft, "accepted")
        for piece in draft.pieces:
            yield piece
        return
    draft.why = ", ".join(found)
    why = f"the draft: {draft.why}" if found else f"{draft.engine} gave no answer"
    async with aclosing(escalated(turn, draft, why)) as pieces:
        async for piece in pieces:
            yield piece
