"""Questions in three parts: one to learn from, one to certify on, one to report on."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sprat.errors import PolicyError
from sprat.policies.wording import together, wording_of
from sprat.types import Question

SHARES = (0.4, 0.3, 0.3)

_PASSAGE = re.compile(r"\bPassage:\s*(.+?)\s*\n\s*\n?Question:", re.DOTALL)
_TRANSLATION = "translation-of:"


class Splits(msgspec.Struct, frozen=True, kw_only=True):
    """The identifiers of each part, sorted. No group is in two of them."""

    tune: tuple[str, ...]
    """Everything that is chosen is chosen here."""
    certify: tuple[str, ...]
    """Looked at once, by one sequence of tests."""
    report: tuple[str, ...]
    """Looked at last: it says whether what was chosen is worth having."""


def split(
    ids: Sequence[str],
    groups: Mapping[str, str] | None = None,
    *,
    seed: int = 0,
    shares: tuple[float, float, float] = SHARES,
    kinds: Mapping[str, str] | None = None,
) -> Splits:
    """Split questions by group, the same way on every machine.

    Groups are taken in the order of a hash of their name, each into the part that lacks most of
    its share: of its kind first where `kinds` are given (a group's kind is its first question's),
    then over all. `groups` and `kinds` go by question; a question without a group is one.

    Raises:
        PolicyError: there are too few groups to have one in every part, or shares make no sense.
    """
    if len(shares) != 3 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise PolicyError(f"Shares of {shares} are no three parts of a whole.")
    members: dict[str, list[str]] = {}
    for name in sorted(set(ids)):
        members.setdefault((groups or {}).get(name, name), []).append(name)
    wanted = sum(share > 0 for share in shares)
    if len(members) < wanted:
        raise PolicyError(
            f"{len(members)} independent questions cannot be split in {wanted}.",
            fix="Ask more questions: --limit.",
        )
    parts = deal(members, shares, kinds or {}, seed)
    tune, certify, report = (tuple(sorted(part)) for part in parts)
    return Splits(tune=tune, certify=certify, report=report)


def deal(
    members: Mapping[str, Sequence[str]],
    shares: Sequence[float],
    kinds: Mapping[str, str],
    seed: int,
) -> list[list[str]]:
    """Give the groups of `members` out, whole, to as many parts as there are shares: `split`."""
    parts: list[list[str]] = [[] for _ in shares]
    counts: dict[str, list[int]] = {}
    everything = [0] * len(shares)
    for group in sorted(members, key=lambda name: _place(name, seed)):
        names = members[group]
        of_kind = counts.setdefault(kinds.get(names[0], ""), [0] * len(shares))
        lacking = max(
            range(len(shares)),
            key=lambda part: (
                _lack(of_kind, shares, part, len(names)),
                _lack(everything, shares, part, len(names)),
                -part,
            ),
        )
        parts[lacking] += names
        of_kind[lacking] += len(names)
        everything[lacking] += len(names)
    return parts


def _lack(counts: Sequence[int], shares: Sequence[float], part: int, more: int) -> float:
    """How many a part lacks of its share, once there are so many more; never of a share of 0."""
    if shares[part] == 0:
        return float("-inf")
    return round(shares[part] * (sum(counts) + more) - counts[part], 9)


def _place(group: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()


def groups_of(questions: Iterable[Question]) -> dict[str, str]:
    """For each question what it shares with those that it is not independent of.

    Translations belong to their original, questions about one passage (in SQuAD's form) to the
    passage, and questions in the same words to each other; any other one is a group of its own.
    """
    known = {question.id: question for question in questions}
    return together(
        (name, _group(question, known), wording_of(question.messages))
        for name, question in known.items()
    )


def original_of(question: Question) -> str | None:
    """The name of the question that this one translates; None: it is no translation."""
    marks = [tag for tag in question.tags if tag.startswith(_TRANSLATION)]
    return marks[0].removeprefix(_TRANSLATION) if marks else None


def _group(question: Question, known: Mapping[str, Question]) -> str:
    original = original_of(question) or question.id
    if original not in known:
        return original
    said = "\n".join(message.content for message in known[original].messages)
    passage = _PASSAGE.search(said)
    if passage is None:
        return original
    return f"passage-{hashlib.sha256(passage[1].encode()).hexdigest()[:12]}"
