"""Both models on the same questions: the differences, the kinds, the verdict, from stored runs."""

from collections.abc import Mapping, Sequence

import msgspec

from sprat.runs.intervals import CONFIDENCE, mean_interval
from sprat.runs.statistics import (
    MIN_PAIRS,
    PairedDecision,
    decide,
    discordance,
    mcnemar_p,
)
from sprat.studies.comparison import KindSummary, VerdictSummary
from sprat.studies.tally import group_of, right_of, score_of
from sprat.types import Question, Run


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One question that both sides were asked and scored on."""

    question: Question
    small: float
    large: float
    small_right: bool
    large_right: bool

    @property
    def difference(self) -> float:
        """Small minus large, -1..1."""
        return self.small - self.large


def pairs_of(questions: Sequence[Question], runs: Sequence[Run]) -> list[Pair]:
    """Questions with a score on both sides, in the set's order; the others are left out."""
    by_key: Mapping[tuple[str, str], Run] = {(run.question, run.role): run for run in runs}
    found = (_pair(question, by_key) for question in questions)
    return [pair for pair in found if pair is not None]


def verdict_of(
    pairs: Sequence[Pair], margin: float, seed: int, names: tuple[str, str]
) -> VerdictSummary:
    """Decide against the margin that was declared before the first question.

    `names` are those of the small and the large model, for the sentence.
    """
    decision = decide(
        [pair.difference for pair in pairs],
        margin,
        groups=[group_of(pair.question) for pair in pairs],
        seed=seed,
    )
    cells = discordance([p.small_right for p in pairs], [p.large_right for p in pairs])
    return VerdictSummary(
        decision=decision.decision,
        margin=margin,
        difference=decision.difference,
        low=decision.low,
        high=decision.high,
        mcnemar_p=mcnemar_p(cells.small_only, cells.large_only) if pairs else None,
        small_only_right=cells.small_only if pairs else None,
        large_only_right=cells.large_only if pairs else None,
        both_right=cells.both_right if pairs else None,
        both_wrong=cells.both_wrong if pairs else None,
        n=len(pairs),
        n_needed=decision.n_needed,
        confidence=CONFIDENCE,
        why=_why(decision, margin, names),
    )


def kinds_of(pairs: Sequence[Pair], seed: int) -> tuple[KindSummary, ...]:
    """The same difference on each kind of question, in the set's order."""
    kinds = dict.fromkeys(pair.question.kind for pair in pairs)
    return tuple(_kind(kind, [p for p in pairs if p.question.kind == kind], seed) for kind in kinds)


def _kind(kind: str, pairs: Sequence[Pair], seed: int) -> KindSummary:
    differences = [pair.difference for pair in pairs]
    groups = [group_of(pair.question) for pair in pairs]
    interval = mean_interval(differences, -1, 1, groups=groups, seed=seed)
    return KindSummary(
        kind=kind,
        n=len(pairs),
        small_score=sum(pair.small for pair in pairs) / len(pairs),
        large_score=sum(pair.large for pair in pairs) / len(pairs),
        difference=sum(differences) / len(pairs),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
    )


def _pair(question: Question, by_key: Mapping[tuple[str, str], Run]) -> Pair | None:
    small, large = by_key.get((question.id, "small")), by_key.get((question.id, "large"))
    if small is None or large is None:
        return None
    a, b = score_of(small), score_of(large)
    if a is None or b is None:
        return None
    return Pair(
        question=question,
        small=a,
        large=b,
        small_right=bool(right_of(small)),
        large_right=bool(right_of(large)),
    )


def _why(decision: PairedDecision, margin: float, names: tuple[str, str]) -> str:
    if decision.difference is None or decision.low is None or decision.high is None:
        return "No question has a score on both sides, so nothing can be said."
    found = (
        f"{names[0]} scores {_than(decision.difference)} {names[1]} on "
        f"{paired_questions(decision.n)} "
        f"(95% interval {_signed(decision.low)} to {_signed(decision.high)})"
    )
    limit = f"the declared margin of {_points(margin)} points"
    if decision.decision == "good-enough":
        return f"{found}: even its low end loses less than {limit}."
    if decision.decision == "not-good-enough":
        return f"{found}: even its high end loses more than {limit}."
    if decision.n < MIN_PAIRS:
        return f"{found}; fewer than {MIN_PAIRS} pairs decide nothing."
    return f"{found}, on both sides of {limit}."


def paired_questions(n: int) -> str:
    """`n` of them, in words."""
    return f"{n} paired question{'' if n == 1 else 's'}"


def _than(difference: float) -> str:
    amount = _points(abs(difference))
    if amount == "0":
        return "the same as"
    return f"{amount} points {'above' if difference > 0 else 'below'}"


def _points(value: float) -> str:
    return f"{round(100 * value, 1):g}"


def _signed(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")
