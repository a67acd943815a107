"""Each question both ways, accepted and escalated: all that any threshold could have done.

A threshold decides question by question, so two replays of the policy, one that accepts everything
and one that accepts nothing, hold every policy that differs from it in the threshold alone:
whatever its kind and mode, and whatever it pays for besides.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from sprat.policies.attempt import Price
from sprat.policies.outcome import Outcome, timing_of
from sprat.policies.spec import Policy
from sprat.studies.hybrid.listening import ALWAYS, NEVER, at, not_recorded
from sprat.studies.hybrid.replay import Replayed, Stage, replay
from sprat.types import Question, Usage

Unit = Literal["seconds", "usd"]


class Way(msgspec.Struct, frozen=True):
    """One way to answer a question, and what came of it."""

    score: float
    right: bool
    seconds: float
    first_token_s: float | None
    cost_usd: float | None
    path: str = ""
    wasted: bool = False

    def cost(self, unit: Unit) -> float:
        """Seconds or dollars; unknown dollars are none: `unit_of` sees to that."""
        return self.seconds if unit == "seconds" else self.cost_usd or 0.0


class Fork(msgspec.Struct, frozen=True, kw_only=True):
    """One question, both ways, and both models alone."""

    question: str
    kind: str
    group: str
    confidence: float | None
    """None: a rule decided beforehand, the same way at every threshold."""
    calibrated: bool
    small: Way
    large: Way
    accepted: Way
    escalated: Way

    def at(self, threshold: float | None) -> Way:
        """What the policy does at a threshold; None: it accepts nothing."""
        if self.confidence is None:
            return self.accepted
        enough = threshold is not None and self.confidence >= threshold
        return self.accepted if enough else self.escalated


class Sides(NamedTuple):
    """What both models answered, by question."""

    small: Mapping[str, Outcome]
    large: Mapping[str, Outcome]


async def forks_of(
    policy: Policy, on: Stage, sides: Sides, questions: Sequence[Question]
) -> list[Fork]:
    """Both ways for every question with a score on both sides; the others are left out.

    So are those of which the log lacks what the policy asks.

    Raises:
        PolicyError: the outcomes do not hold what the policy asks.
    """
    scored = [q for q in questions if _scored(sides.small, q.id) and _scored(sides.large, q.id)]
    accepted = await replay(at(policy, ALWAYS), on, scored)
    escalated = await replay(at(policy, NEVER), on, scored)
    _refuse_missing(policy, [*accepted, *escalated])
    judge = _Judge(sides)
    return [
        _fork(question, sides, judge, (first, other), on.price)
        for question, first, other in zip(scored, accepted, escalated, strict=True)
        if not first.missing and not other.missing
    ]


def _scored(side: Mapping[str, Outcome], question: str) -> bool:
    return question in side and side[question].right is not None


def _refuse_missing(policy: Policy, found: Sequence[Replayed]) -> None:
    """A log that lacks half of what the policy asks says nothing about it."""
    gaps = [one.missing for one in found if one.missing]
    if 2 * len(gaps) > len(found):
        raise not_recorded(policy, gaps[0])


def _fork(
    question: Question,
    sides: Sides,
    judge: "_Judge",
    pair: tuple[Replayed, Replayed],
    price: Price | None,
) -> Fork:
    small, large = sides.small[question.id], sides.large[question.id]
    return Fork(
        question=question.id,
        kind=question.kind,
        group=small.group,
        confidence=pair[1].confidence,
        calibrated=pair[1].calibrated,
        small=alone(small, price),
        large=alone(large, price),
        accepted=judge.way(question, pair[0]),
        escalated=judge.way(question, pair[1]),
    )


def alone(outcome: Outcome, price: Price | None = None) -> Way:
    """A model's own answer."""
    right = bool(outcome.right)
    score = float(right) if outcome.score is None else outcome.score
    cost_usd = _cost_usd(outcome, price)
    return Way(score, right, outcome.answer_s, outcome.ttft_s, cost_usd)


def _cost_usd(outcome: Outcome, price: Price | None) -> float | None:
    """As recorded; else by the price. An answer that failed has used no tokens."""
    if outcome.cost_usd is not None or price is None:
        return outcome.cost_usd
    usage = outcome.usage or Usage(0, 0, counted_by="estimate")
    return price(outcome.model, usage, timing_of(outcome.answer_s, outcome.ttft_s))


class _Judge:
    """Scores a policy's answer: as recorded where a model said the same, else anew."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides

    def way(self, question: Question, found: Replayed) -> Way:
        score, right = self._score(question, found)
        return Way(
            score, right, found.seconds, found.first_token_s, found.cost_usd, found.path,
            found.wasted,
        )  # fmt: skip

    def _score(self, question: Question, found: Replayed) -> tuple[float, bool]:
        from sprat.questions.scorers import is_right, score

        if found.error is not None:
            return 0.0, False
        for side in self._sides:
            if side[question.id].text == found.text:
                same = alone(side[question.id])
                return same.score, same.right
        verdict = score(question, found.text, found.finish)
        return verdict.value or 0.0, bool(is_right(verdict))


def unit_of(forks: Sequence[Fork]) -> Unit:
    """Dollars where every price is known and something has one; else seconds."""
    ways = [way for f in forks for way in (f.small, f.large, f.accepted, f.escalated)]
    known = all(way.cost_usd is not None for way in ways)
    return "usd" if known and any(way.cost_usd for way in ways) else "seconds"
