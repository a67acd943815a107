"""The small model drafts; the large one improves drafts that are long or flagged (S11)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from sprat.policies.routes import escalated
from sprat.policies.rules import faults
from sprat.policies.spec import Policy
from sprat.policies.turn import Turn
from sprat.types import ChatRequest, Delta, Message, Reply

INSTRUCTION = (
    "Improve your answer above: correct what is wrong in it, add what is missing, leave out what "
    "was not asked for. Keep its language and the form that was asked for. "
    "Reply with the improved answer only, without a word about the changes."
)


async def refine(turn: Turn) -> AsyncGenerator[Delta]:
    """The draft where it is short and without a flag, else the large model's version, live."""
    draft = await turn.draft(logprobs=False)
    why = due(turn.policy, turn.request, draft.reply) if draft.reply else None
    if draft.reply and why is None:
        draft.why = "nothing asks for refining"
        turn.keep(draft, "accepted")
        for piece in draft.pieces:
            yield piece
        return
    if draft.reply is None or turn.request.prompt is not None:  # a raw text has no second turn
        way = escalated(turn, draft, why or f"{draft.engine} gave no answer")
    else:
        asked = refining(turn.request, draft.reply.text)
        way = escalated(turn, draft, why or "", role="refine", request=asked)
    async with aclosing(way) as pieces:
        async for piece in pieces:
            yield piece


def due(policy: Policy, request: ChatRequest, draft: Reply) -> str | None:
    """Why the large model should improve a draft; None: it need not."""
    rules = policy.refine
    if rules.when == "always":
        return "every draft is refined"
    asked = " ".join([request.prompt or "", *(m.content for m in request.messages)]).casefold()
    for word in rules.flags:
        if word.casefold() in asked:
            return f"flagged: {word!r} is in the prompt"
    if found := faults(policy.rules, request, draft):
        return f"flagged: {', '.join(found)}"
    if rules.when == "long" and len(draft.text) >= rules.min_chars:
        return f"long: {len(draft.text)} characters, {rules.min_chars} or more"
    return None


def refining(request: ChatRequest, draft: str) -> ChatRequest:
    """The conversation, the draft as its answer, and what to do with it."""
    turns = (Message("assistant", draft), Message("user", INSTRUCTION))
    return msgspec.structs.replace(request, messages=(*request.messages, *turns))
