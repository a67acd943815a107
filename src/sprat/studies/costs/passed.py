"""What a policy makes of recorded answers: the policy itself, replayed over them."""

from collections.abc import Sequence

import msgspec

from sprat.engines.base import ask
from sprat.errors import RunError, SpratError
from sprat.policies.outcome import request_of
from sprat.policies.spec import Policy
from sprat.runs.store import Store
from sprat.studies.hybrid.evaluate import refuse_wordless
from sprat.studies.hybrid.recorded import recorded
from sprat.studies.hybrid.replay import engine_of, lacking, stage
from sprat.types import Reply


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A policy's replies to the questions of a comparison, or of two evaluations."""

    policy: str
    small: str
    large: str
    studies: tuple[str, ...]
    """Whose answers: the comparison of both models, or a study of each."""
    questions: frozenset[str]
    """Those that both models were asked."""
    replies: dict[str, Reply]
    """By question; those to which there was no answer are left out."""


async def passed_on(policy: Policy, store: Store, ids: Sequence[str]) -> Passed:
    """Ask the policy every question that both its models were asked, of their recorded answers.

    Of the studies `ids` the first that asked both models is taken, else the first of each model.

    Raises:
        RunError: the studies are not of the policy's two models, or did not keep what the policy
            looks at.
        PolicyError: the policy cannot be judged on them.
    """
    studies = _studies_of(policy, store, ids)
    found = recorded(studies, store)
    refuse_wordless(policy, found)
    on = stage(found.log, (policy.small.model, policy.large.model), found.questions)
    shared = found.log.of(policy.small.model).keys() & found.log.of(policy.large.model).keys()
    replies: dict[str, Reply] = {}
    for question in found.questions:
        if question.id not in shared:
            continue
        on.missing.clear()
        engine = engine_of(policy, on)
        try:
            replies[question.id] = await ask(engine, request_of(question))
            await engine.aclose()
        except SpratError:
            continue
        finally:
            _refuse_missing(policy, studies, lacking(on))
    return Passed(
        policy=policy.name,
        small=policy.small.model,
        large=policy.large.model,
        studies=studies,
        questions=frozenset(shared),
        replies=replies,
    )


def _studies_of(policy: Policy, store: Store, ids: Sequence[str]) -> tuple[str, ...]:
    held = {id_: {model.name for model in store.study(id_).models} for id_ in ids}
    sides = [policy.small.model, policy.large.model]
    for id_, names in held.items():
        if names.issuperset(sides):
            return (id_,)
    found = [next((id_ for id_, names in held.items() if side in names), "") for side in sides]
    return tuple(dict.fromkeys(id_ for id_ in found if id_)) or tuple(ids[:1])


def _refuse_missing(policy: Policy, studies: Sequence[str], lacks: str) -> None:
    if lacks:
        raise RunError(
            f"{policy.name} cannot be replayed over {' and '.join(studies)}: {lacks}",
            fix=f"Compare the policy itself: sprat compare --small policy:{policy.name}",
        )
