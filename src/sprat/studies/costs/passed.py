"""What a policy makes of recorded answers: the policy itself, replayed over a comparison."""

import msgspec

from sprat.engines.base import ask
from sprat.errors import RunError, SpratError
from sprat.policies.outcome import request_of
from sprat.policies.spec import Policy
from sprat.runs.store import Store
from sprat.studies.hybrid.evaluate import refuse_wordless
from sprat.studies.hybrid.recorded import of_study
from sprat.studies.hybrid.replay import engine_of, lacking, stage
from sprat.types import Reply


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A policy's replies to the questions of a comparison, from what both models answered."""

    policy: str
    small: str
    large: str
    study: str
    replies: dict[str, Reply]
    """By question; those to which there was no answer are left out."""


async def passed_on(policy: Policy, store: Store, study: str) -> Passed:
    """Ask the policy every question of a comparison again, of the recorded answers.

    Raises:
        RunError: the study is no comparison of the policy's two models, or did not keep what the
            policy looks at.
        PolicyError: the policy cannot be judged on it.
    """
    recorded = of_study(store, study)
    refuse_wordless(policy, recorded)
    on = stage(recorded.log, (policy.small.model, policy.large.model), recorded.questions)
    replies: dict[str, Reply] = {}
    for question in recorded.questions:
        on.missing.clear()
        engine = engine_of(policy, on)
        try:
            replies[question.id] = await ask(engine, request_of(question))
            await engine.aclose()
        except SpratError:
            continue
        finally:
            _refuse_missing(policy, study, lacking(on))
    return Passed(
        policy=policy.name,
        small=policy.small.model,
        large=policy.large.model,
        study=study,
        replies=replies,
    )


def _refuse_missing(policy: Policy, study: str, lacks: str) -> None:
    if lacks:
        raise RunError(
            f"{policy.name} cannot be replayed over {study}: {lacks}",
            fix=f"Compare the policy itself: sprat compare --small policy:{policy.name}",
        )
