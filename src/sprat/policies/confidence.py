"""How likely an answer is to be right, as a policy judges it."""

from collections.abc import Mapping

import msgspec

from sprat.policies.features import OF_TOKENS, features_of
from sprat.policies.logistic import Logistic
from sprat.policies.prompt import prompt_features_of
from sprat.policies.rules import broken_form, faults
from sprat.policies.spec import Policy
from sprat.types import ChatRequest, Reply


class Confidence(msgspec.Struct, frozen=True):
    """What a policy thinks of an answer, or of the answer that is to come."""

    value: float
    """The probability, 0..1, that it is right, or what the policy aims at instead
    (`Decision.aim`); by rules 0 (a fault) or 1 (none)."""
    calibrated: bool
    """Whether it was learned from labelled answers, asked for in the same way."""
    why: str
    """One line."""


def confidence_of(
    policy: Policy, request: ChatRequest, reply: Reply | None, extra: Mapping[str, float] = {}
) -> Confidence:
    """The confidence in an answer; `reply` None: in the answer to come, from the request alone.

    `extra` holds what further requests told (`features.EXTRA`). What the policy's logistic does
    not know of, it does not read. Without one, or without a log-probability that it could read, the
    policy's rules decide, which is never called calibrated. So does the rule on the form that was
    asked for where an answer breaks it: of what is no JSON, tokens of values tell nothing.
    """
    learned = policy.decision.logistic
    if learned is None:
        return _by_rules(policy, request, reply, "nothing was learned")
    if reply is not None and not reply.logprobs:
        return _by_rules(policy, request, reply, "there are no log-probabilities")
    if reply is not None and (fault := broken_form(policy.rules, request, reply)):
        return Confidence(0.0, calibrated=False, why=f"by rule: {fault}")
    of_answer = {} if reply is None else features_of(reply, request)
    if reply is not None and _blind(learned, of_answer):
        return _by_rules(policy, request, reply, "none of its tokens belongs to a value")
    value = learned.probability({**prompt_features_of(request), **of_answer, **extra})
    if off := _other_sampling(policy, request):
        return Confidence(value, calibrated=False, why=f"learned for other sampling: {off}")
    what = "learned" if policy.decision.aim == "right" else "learned: whether keeping it pays"
    return Confidence(value, calibrated=True, why=what)


def _blind(learned: Logistic, of_answer: Mapping[str, float]) -> bool:
    """Whether it was learned from log-probabilities, and the answer has none that count."""
    reads = set(OF_TOKENS).intersection(learned.features)
    return bool(reads) and reads.isdisjoint(of_answer)


def _by_rules(
    policy: Policy, request: ChatRequest, reply: Reply | None, because: str
) -> Confidence:
    if reply is None:
        return Confidence(1.0, calibrated=False, why=f"{because}, and there is no answer to judge")
    found = faults(policy.rules, request, reply)
    why = f"by rule, as {because}: {', '.join(found) or 'no fault found'}"
    return Confidence(0.0 if found else 1.0, calibrated=False, why=why)


def _other_sampling(policy: Policy, request: ChatRequest) -> str:
    """What is sampled otherwise than when the policy was calibrated; empty: nothing."""
    asked = {name: getattr(request, name, None) for name in policy.sampling}
    return ", ".join(
        f"{name} {asked[name]}, not {wanted}"
        for name, wanted in sorted(policy.sampling.items())
        if asked[name] != wanted
    )
