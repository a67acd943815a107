"""The questions in three parts, and what the policy does on each of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sprat.errors import PolicyError
from sprat.policies.fit import MIN_ROWS
from sprat.policies.spec import Policy
from sprat.policies.splits import Splits, groups_of, split
from sprat.studies.hybrid.evaluate import MIN_QUESTIONS
from sprat.studies.hybrid.forks import Fork, Sides, forks_of
from sprat.studies.hybrid.recorded import Recorded
from sprat.studies.hybrid.replay import Stage
from sprat.types import Question


class Parts(NamedTuple):
    """The forks of each part."""

    tune: list[Fork]
    certify: list[Fork]
    report: list[Fork]


def splits_of(recorded: Recorded, sides: Sides, seed: int) -> Splits:
    """The questions with a score on both sides.

    Raises:
        PolicyError: they are too few.
    """
    scored = [
        question
        for question in recorded.questions
        if all(question.id in side and side[question.id].right is not None for side in sides)
    ]
    return _split(scored, {q.id: sides.small[q.id].group for q in scored}, seed)


def refuse_too_few(questions: Sequence[Question], seed: int) -> None:
    """Refuse questions that leave too few in a part, were all of them scored.

    Raises:
        PolicyError: they do.
    """
    _split(questions, groups_of(questions), seed)


def _split(questions: Sequence[Question], groups: Mapping[str, str], seed: int) -> Splits:
    kinds = {question.id: question.kind for question in questions}
    found = split([question.id for question in questions], groups, seed=seed, kinds=kinds)
    if len(found.tune) < MIN_ROWS or len(found.report) < MIN_QUESTIONS:
        raise PolicyError(
            f"{len(questions)} scored questions are too few to learn a confidence from, to certify "
            f"it and to report on it: it takes {MIN_ROWS} to learn from, not {len(found.tune)}, "
            f"and {MIN_QUESTIONS} to report on, not {len(found.report)}.",
            fix="Ask more questions: --limit.",
        )
    return found


async def parts_of(
    policy: Policy, on: Stage, sides: Sides, recorded: Recorded, splits: Splits
) -> Parts:
    """What the policy does on each part."""
    known = {question.id: question for question in recorded.questions}
    found = [
        await forks_of(policy, on, sides, [known[name] for name in names])
        for names in (splits.tune, splits.certify, splits.report)
    ]
    return Parts(*found)


async def judged(
    policy: Policy, on: Stage, sides: Sides, recorded: Recorded, parts: Sequence[Sequence[Fork]]
) -> list[list[Fork]]:
    """The same questions, asked of the policy that was learned."""
    known = {question.id: question for question in recorded.questions}
    return [
        await forks_of(policy, on, sides, [known[fork.question] for fork in part]) for part in parts
    ]
