"""A question as a policy's threshold sees it: what accepting and what escalating bring and cost."""

from collections.abc import Sequence

import msgspec


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One question, both ways. Costs are of one unit throughout: seconds, say, or US dollars."""

    confidence: float
    """In the draft, or before it: accepted from the threshold on."""
    small_score: float
    large_score: float
    small_right: bool
    large_right: bool
    small_cost: float
    """Of the small model's answer alone."""
    large_cost: float
    """Of the large model's answer alone."""
    extra_cost: float = 0.0
    """Paid either way before deciding: a check, a second answer, the large model's reading."""
    draft_cost: float | None = None
    """Of the draft that is thrown away; None: all of `small_cost`; less where it is broken off, 0
    where the decision comes before it."""
    answer_cost: float | None = None
    """Of the large model's answer when it escalates; None: `large_cost`; less where the draft helps
    it."""
    group: str = ""
    """Questions of one group are not independent; empty: alone."""

    @property
    def accepted_cost(self) -> float:
        """What the policy pays when it accepts."""
        return self.small_cost + self.extra_cost

    @property
    def escalated_cost(self) -> float:
        """What the policy pays when it escalates."""
        answer = self.large_cost if self.answer_cost is None else self.answer_cost
        return self.wasted_cost + self.extra_cost + answer

    @property
    def wasted_cost(self) -> float:
        """What of it bought a draft that is thrown away."""
        return self.small_cost if self.draft_cost is None else self.draft_cost

    def accepts(self, threshold: float | None) -> bool:
        """Whether the draft is kept; a threshold of None keeps none."""
        return threshold is not None and self.confidence >= threshold


def groups_in(points: Sequence[Point]) -> list[str]:
    """The group of each point, alone ones under their own number."""
    return [point.group or f"alone {place}" for place, point in enumerate(points)]
