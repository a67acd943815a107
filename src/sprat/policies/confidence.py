"""How likely an answer is to be right, as a policy judges it."""

from collections.abc import Mapping

import msgspec

from sprat.policies.features import features_of, prompt_features_of
from sprat.policies.rules import faults
from sprat.policies.spec import Policy
from sprat.types import ChatRequest, Reply


class Confidence(msgspec.Struct, frozen=True):
    """What a policy thinks of an answer, or of the answer that is to come."""

    value: float
    calibrated: bool
    why: str


def confidence_of(
    policy: Policy, request: ChatRequest, reply: Reply | None, extra: Mapping[str, float] = {}
) -> Confidence:
    """The confidence in an answer; `reply` None: in the one to come, from the request alone."""
    learned = policy.decision.logistic
    if learned is None or (reply is not None and not reply.logprobs):
        found = faults(policy.rules, request, reply) if reply is not None else []
        why = f"by rule: {', '.join(found) or 'no fault found'}"
        return Confidence(0.0 if found else 1.0, calibrated=False, why=why)
    known = prompt_features_of(request) if reply is None else features_of(reply, request)
    value = learned.probability({**known, **extra})
    asked = {name: getattr(request, name, None) for name in policy.sampling}
    if asked != policy.sampling:
        return Confidence(value, calibrated=False, why="learned for other sampling")
    return Confidence(value, calibrated=True, why="learned")
