"""Two evaluations of the same questions: is the first no worse, as far as can be told?"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from sprat.errors import RunError
from sprat.runs.intervals import bootstrap_interval, mean_interval
from sprat.runs.statistics import Decision, decide, discordance, mcnemar_p
from sprat.runs.store import Store
from sprat.studies.grounded import answers, citations
from sprat.studies.grounded.answers import right
from sprat.studies.grounded.case import Case, cases_of
from sprat.studies.grounded.plan import plan_of

OfCase = Callable[[Case], float | None]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of both, over the questions that it can be told of on both sides."""

    name: str
    n: int
    first: float
    second: float
    """Means."""
    difference: float
    """The first minus the second."""
    low: float | None
    high: float | None


class Versus(msgspec.Struct, frozen=True, kw_only=True):
    """The first beside the second, question by question."""

    schema: int = 1
    first: str
    second: str
    """The studies."""
    names: tuple[str, str]
    """What answered."""
    n: int
    """Questions that both were asked."""
    left_out: int
    """Questions that only one of them was asked."""
    margin: float
    decision: Decision
    """Whether the first is good enough: no worse than the second by more than the margin."""
    difference: float | None
    """Share of right answers, the first minus the second."""
    low: float | None
    high: float | None
    n_needed: int | None
    mcnemar_p: float | None
    first_only_right: int
    second_only_right: int
    differences: tuple[Difference, ...]


def _right(case: Case) -> float | None:
    value = right(case)
    return None if value is None else float(value)


def _silent(case: Case) -> float | None:
    return float(case.abstained) if case.question.unanswerable else None


MEASURES: Mapping[str, OfCase] = {
    "right": _right,
    "contains": answers.containing,
    "f1": answers.token_f1,
    "abstention_recall": _silent,
    "faithfulness": citations.faithfulness,
    "citation_support": citations.citation_support,
}


def versus(store: Store, first: str, second: str, margin: float = 0.05) -> Versus:
    """Compare two recorded evaluations on the questions that they share. Nothing is asked.

    Raises:
        RunError: they share no question, or one is no evaluation of documents.
    """
    one, other = _cases(store, first), _cases(store, second)
    shared = [name for name, case in one.items() if _same(case, other.get(name))]
    if not shared:
        raise RunError(
            f"{first} and {second} share no answered question.",
            fix="Evaluate both on the same --questions.",
        )
    pairs = [(one[name], other[name]) for name in shared]
    seed = plan_of(store.study(first)).seed
    rights = [(bool(a), bool(b)) for a, b in _values(pairs, _right)]
    found = decide([float(a) - float(b) for a, b in rights], margin, seed=seed)
    cells = discordance([a for a, _ in rights], [b for _, b in rights])
    names = (plan_of(store.study(first)).name, plan_of(store.study(second)).name)
    lines = [_difference(name, pairs, of, seed) for name, of in MEASURES.items()]
    return Versus(
        first=first,
        second=second,
        names=names,
        n=len(pairs),
        left_out=len(one.keys() | other.keys()) - len(pairs),
        margin=margin,
        decision=found.decision,
        difference=found.difference,
        low=found.low,
        high=found.high,
        n_needed=found.n_needed,
        mcnemar_p=mcnemar_p(cells.small_only, cells.large_only) if rights else None,
        first_only_right=cells.small_only,
        second_only_right=cells.large_only,
        differences=(*(line for line in lines if line), _seconds(pairs, seed)),
    )


def _cases(store: Store, study_id: str) -> dict[str, Case]:
    study = store.study(study_id)
    plan_of(study)
    return {case.question.id: case for case in cases_of(study.questions, store.runs(study_id))}


def _same(one: Case, other: Case | None) -> bool:
    """A name is not enough: lines without one are q0001 and so on in every file."""
    return (
        other is not None
        and one.question.question == other.question.question
        and one.question.answers == other.question.answers
        and one.question.history == other.question.history
    )


def _values(pairs: Sequence[tuple[Case, Case]], of: OfCase) -> list[tuple[float, float]]:
    both = [(of(one), of(other)) for one, other in pairs]
    return [(a, b) for a, b in both if a is not None and b is not None]


def _difference(
    name: str, pairs: Sequence[tuple[Case, Case]], of: OfCase, seed: int
) -> Difference | None:
    values = _values(pairs, of)
    interval = mean_interval([a - b for a, b in values], -1, 1, seed=seed)
    return _line(name, values, interval) if values else None


def _seconds(pairs: Sequence[tuple[Case, Case]], seed: int) -> Difference:
    values = [(one.seconds, other.seconds) for one, other in pairs]
    return _line("seconds", values, bootstrap_interval([a - b for a, b in values], seed=seed))


def _line(
    name: str, values: Sequence[tuple[float, float]], interval: tuple[float, float] | None
) -> Difference:
    n = len(values)
    first, second = sum(a for a, _ in values) / n, sum(b for _, b in values) / n
    return Difference(
        name=name,
        n=n,
        first=first,
        second=second,
        difference=first - second,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
    )
