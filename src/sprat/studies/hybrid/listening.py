"""What a policy would judge by: heard from the policy itself, so that it is learned from no other.

A `Listening` stands where the learned confidence will: it keeps the features that the engine gives
it and accepts nothing. So a draft, the beginning of one, a prompt, or a reading of the large model
give the features that they will give when the policy is served.
"""

from collections.abc import Iterable, Mapping

import msgspec

from sprat.engines.base import ask
from sprat.errors import PolicyError, SpratError
from sprat.policies.logistic import Logistic
from sprat.policies.outcome import request_of
from sprat.policies.spec import Policy
from sprat.studies.hybrid.replay import Stage, engine_of, lacking
from sprat.types import Question

NEVER = None
"""No threshold: no confidence is enough."""
ALWAYS = 0.0
"""A threshold that every confidence reaches."""


class Listening(Logistic, frozen=True, kw_only=True):
    """A confidence that keeps what it is asked about."""

    heard: list[dict[str, float]]

    def probability(self, values: Mapping[str, float]) -> float:
        """Keep the features; none is ever sure."""
        self.heard.append(dict(values))
        return 0.0


def listening() -> Listening:
    """An ear that has heard nothing yet; a threshold of `ALWAYS` accepts all the same."""
    return Listening(features=(), centres=(), scales=(), weights=(), bias=0.0, heard=[])


async def heard(
    policy: Policy, on: Stage, questions: Iterable[Question]
) -> dict[str, dict[str, float]]:
    """The features of each question; a question that was never judged is left out.

    Raises:
        PolicyError: all are, as the log lacks what the policy asks.
    """
    found: dict[str, dict[str, float]] = {}
    gap = ""
    for question in questions:
        on.missing.clear()
        ear = listening()
        engine = engine_of(deciding(policy, NEVER, ear), on)
        try:
            await ask(engine, request_of(question))
        except SpratError:
            gap = gap or lacking(on)
            continue  # what cannot be answered cannot be learned from; the replay counts it
        gap = gap or lacking(on)
        if ear.heard and not lacking(on):
            found[question.id] = ear.heard[-1]
    if gap and not found:
        raise not_recorded(policy, gap)
    return found


def not_recorded(policy: Policy, gap: str) -> PolicyError:
    """The policy cannot be tried on this log: the first thing that it lacks."""
    return PolicyError(
        f"The outcomes do not hold all that {policy.name} asks: {gap}",
        fix="Ask anew: leave --from out.",
    )


def deciding(policy: Policy, threshold: float | None, logistic: Logistic | None) -> Policy:
    """The policy with another confidence and threshold; None: it accepts nothing."""
    decision = msgspec.structs.replace(policy.decision, threshold=threshold, logistic=logistic)
    return msgspec.structs.replace(policy, decision=decision)


def at(policy: Policy, threshold: float | None) -> Policy:
    """The policy with another threshold; None: it accepts nothing."""
    return deciding(policy, threshold, policy.decision.logistic)
