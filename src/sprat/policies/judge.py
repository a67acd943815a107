"""How sure a policy is of a draft, and whether that is enough."""

from sprat.policies.attempt import Attempt
from sprat.policies.checks import agreement, check_request, sample_request, yes_probability
from sprat.policies.confidence import Confidence, confidence_of
from sprat.policies.rules import broken_form
from sprat.policies.turn import Turn
from sprat.types import Reply


async def accepts(turn: Turn, draft: Attempt, reply: Reply | None = None) -> bool:
    """Whether the draft is good enough; its attempt remembers how sure that is, and why.

    `reply`: what is judged in the draft's stead, such as the large model's reading of it.
    """
    judged = reply or draft.reply
    if judged is None:
        return False
    policy = turn.policy
    learned = policy.decision.logistic is not None and judged.logprobs
    more = learned and not broken_form(policy.rules, turn.request, judged)
    extra = await extras(turn, draft) if more else {}
    confidence = confidence_of(policy, turn.request, judged, extra)
    return settle(turn, draft, confidence)


def settle(turn: Turn, draft: Attempt, confidence: Confidence) -> bool:
    """Write the judgement into the draft's attempt, and say whether it is enough."""
    decision = turn.policy.decision
    if not decision.can_judge(calibrated=confidence.calibrated):
        draft.why = f"cannot be judged: {confidence.why}"
        return False
    enough, said = decision.accepts(confidence.value), decision.judged(confidence.value)
    draft.why = f"{said}; {confidence.why}" if confidence.why else said
    draft.confidence = confidence.value
    draft.calibrated = confidence.calibrated
    return enough


async def extras(turn: Turn, draft: Attempt) -> dict[str, float]:
    """The features that cost another question; those that cannot be had are left out."""
    decision, extra = turn.policy.decision, dict[str, float]()
    if draft.reply is None:
        return extra
    if decision.self_check and not draft.half.mute:
        asked = check_request(turn.request, draft.reply.text)
        check = await turn.whole(turn.begin("small", "check", "is its own answer right?", asked))
        chance = yes_probability(check.reply) if check.reply else None
        if chance is not None:
            extra["self_check"] = chance
    if decision.sample:
        asked = sample_request(turn.request)
        drawn = await turn.whole(turn.begin("small", "sample", "does it say the same?", asked))
        if drawn.reply:
            extra["agreement"] = agreement(draft.reply.text, drawn.reply.text)
    return extra
