"""Which questions a policy has seen: by their words and groups, as names are of one file only."""

import hashlib
from collections.abc import Iterable

from sprat.errors import PolicyError
from sprat.policies.spec import Policy
from sprat.policies.splits import original_of
from sprat.policies.wording import wording_of
from sprat.studies.hybrid.recorded import Recorded
from sprat.types import Question


def marks_of(recorded: Recorded, names: Iterable[str]) -> list[str]:
    """What a policy keeps of the questions that taught and certified it, sorted."""
    seen, told = set(names), _told(recorded)
    said = [
        mark
        for question in recorded.questions
        if question.id in seen
        for mark in (*told[question.id], *_as_seen(question))
    ]
    return sorted({_short(mark) for mark in said})


def seen_of(policy: Policy, recorded: Recorded) -> set[str] | None:
    """The names of the questions that it has seen, or one of their groups; None: it does not say.

    A question in the same words was seen, and so was its translation, and one about its passage.
    """
    marks = (policy.evaluation or {}).get("seen")
    if marks is None:
        return None
    known, told, groups = set(marks), _told(recorded), _groups(recorded)
    touched = {
        groups[question.id]
        for question in recorded.questions
        if known & {_short(mark) for mark in (*told[question.id], *_as_asked(question))}
    }
    return {name for name, group in groups.items() if group in touched}


def held_out(policy: Policy, recorded: Recorded) -> bool | None:
    """Whether the policy saw none of these questions; None: it does not say what it saw."""
    seen = seen_of(policy, recorded)
    return None if seen is None else not seen


def only_unseen(policy: Policy, recorded: Recorded) -> Recorded:
    """Without the questions that taught or certified the policy, and those of their groups.

    Raises:
        PolicyError: the policy does not say which they were.
    """
    seen = seen_of(policy, recorded)
    if seen is None:
        raise PolicyError(
            f"{policy.name} does not say which questions it was made with.",
            fix="Leave --unseen out.",
        )
    kept = tuple(question for question in recorded.questions if question.id not in seen)
    return recorded._replace(questions=kept)


def _told(recorded: Recorded) -> dict[str, list[str]]:
    """By question its words, and its group where that is not called after a question of the set.

    Where nobody knows its words it is its name that must do.
    """
    wordings = {one.question: one.wording for one in recorded.log.outcomes}
    groups = _groups(recorded)
    told: dict[str, list[str]] = {}
    for question in recorded.questions:
        own = wordings.get(question.id, "")
        if recorded.worded:
            own = wording_of(question.messages)
        told[question.id] = [f"wording {own}" if own else f"question {question.id}"]
        group = groups.get(question.id, question.id)
        if group not in groups:
            told[question.id].append(f"group {group}")
    return told


def _groups(recorded: Recorded) -> dict[str, str]:
    grouped = {one.question: one.group for one in recorded.log.outcomes}
    return {q.id: grouped.get(q.id, q.id) for q in recorded.questions}


def _as_seen(question: Question) -> list[str]:
    """A translation may be asked where its original is not, and the other way round."""
    original = original_of(question)
    return [f"original {question.id}" if original is None else f"translation of {original}"]


def _as_asked(question: Question) -> list[str]:
    original = original_of(question)
    if original is None:
        return [f"translation of {question.id}"]
    return [f"original {original}", f"translation of {original}"]


def _short(mark: str) -> str:
    return hashlib.sha256(mark.encode()).hexdigest()[:12]
