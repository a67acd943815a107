"""Who answers is decided before anything is drafted, from the prompt alone (mode `pre`)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sprat.policies.confidence import confidence_of
from sprat.policies.routes import direct
from sprat.policies.turn import Turn
from sprat.types import Delta


async def beforehand(turn: Turn) -> AsyncGenerator[Delta]:
    """The small model where it will probably be right, else the large one; live either way."""
    confidence = confidence_of(turn.policy, turn.request, None)
    decision = turn.policy.decision
    enough = decision.accepts(confidence.value)
    why = f"from the prompt: {decision.judged(confidence.value)}"
    turn.gate("small" if enough else "large", f"{why}; {confidence.why}", confidence)
    way = direct(turn, "small", other="large") if enough else direct(turn, "large", other="small")
    async with aclosing(way) as pieces:
        async for piece in pieces:
            yield piece
