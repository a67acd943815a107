"""A question set: which questions, and the fingerprint by which a run can be repeated."""

import hashlib
from collections.abc import Collection, Iterable

import msgspec

from sprat.errors import QuestionError
from sprat.types import Question


class QuestionSet(msgspec.Struct, frozen=True):
    """Questions to ask, in the order of their file."""

    name: str
    questions: tuple[Question, ...]
    sha256: str
    """Over the canonical content of exactly these questions, in any order."""


def collect(name: str, questions: Iterable[Question]) -> QuestionSet:
    """Make a set of `questions` and fingerprint it."""
    chosen = tuple(questions)
    return QuestionSet(name=name, questions=chosen, sha256=fingerprint(chosen))


def fingerprint(questions: Iterable[Question]) -> str:
    """Return the SHA-256 of the questions' content as sorted JSON; their order does not matter."""
    lines = sorted(msgspec.json.encode(question, order="sorted") for question in questions)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def only(
    questions: Iterable[Question],
    kinds: Collection[str] | None = None,
    languages: Collection[str] | None = None,
) -> list[Question]:
    """Keep the questions of these kinds and languages; None keeps all.

    Raises:
        QuestionError: a kind or language that the set does not have, or nothing is left.
    """
    kept = list(questions)
    for field, wanted in (("kind", kinds), ("language", languages)):
        if wanted is not None:
            kept = _keep(kept, field, wanted)
    if not kept:
        raise QuestionError(
            "No question is left.", fix="Widen --kinds and --languages, or give another file."
        )
    return kept


def _keep(questions: list[Question], field: str, wanted: Collection[str]) -> list[Question]:
    wanted = [wanted] if isinstance(wanted, str) else wanted
    have = list(dict.fromkeys(getattr(question, field) for question in questions))
    if unknown := [name for name in wanted if name not in have]:
        raise QuestionError(
            f"There is no question of {field} {unknown[0]!r}.", fix=f"Use one of {', '.join(have)}."
        )
    return [question for question in questions if getattr(question, field) in wanted]


def sample(questions: list[Question], limit: int | None, seed: int = 0) -> list[Question]:
    """Return `limit` questions, as many of each kind as can be, in their own order.

    Each kind is put into an order that depends on the seed and the ids alone; then one of each
    kind is taken in turn. So the same seed gives the same questions on any machine, and a larger
    limit contains the smaller one. `limit` None, or beyond the number there is, takes all.

    Raises:
        QuestionError: a limit below 1.
    """
    if limit is None:
        return questions
    if limit < 1:
        raise QuestionError(f"The limit is {limit}.", fix="Give --limit 1 or more.")
    chosen = {question.id for question in _turns(questions, seed)[:limit]}
    return [question for question in questions if question.id in chosen]


def _turns(questions: list[Question], seed: int) -> list[Question]:
    by_kind: dict[str, list[Question]] = {}
    for question in sorted(questions, key=lambda one: _draw(one.id, seed)):
        by_kind.setdefault(question.kind, []).append(question)
    ranked = [
        (rank, kind, question)
        for kind, group in by_kind.items()
        for rank, question in enumerate(group)
    ]
    return [question for _, _, question in sorted(ranked, key=lambda entry: entry[:2])]


def _draw(identifier: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{identifier}".encode()).hexdigest()
