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
    judged = decision.can_judge(calibrated=confidence.calibrated)
    enough = judged and decision.accepts(confidence.value)
    said = decision.judged(confidence.value) if judged else "cannot be judged"
    why = f"from the prompt: {said}; {confidence.why}"
    turn.gate("small" if enough else "large", why, confidence if judged else None)
    way = direct(turn, "small", other="large") if enough else direct(turn, "large", other="small")
    async with aclosing(way) as pieces:
        async for piece in pieces:
            yield piece
