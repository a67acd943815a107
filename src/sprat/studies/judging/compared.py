"""Judge and rule, each beside the reference grades, in one dimension; and who is shown first."""

from collections.abc import Sequence
from typing import NamedTuple

from sprat.questions.rubric import Scored
from sprat.studies.grounded.figures import Figure, mean
from sprat.studies.judging.agreement import (
    Column,
    absolute_error,
    kappa_difference,
    length_effect,
    spearman,
    weighted_kappa,
)
from sprat.studies.judging.grades import Both
from sprat.studies.judging.result import Agreement, DimensionMeasure
from sprat.studies.judging.scored import INJECTION

MIN_ANSWERS = 10
"""Fewer decide nothing: an interval of so few stands on its assumptions more than on its data."""


class Graded(NamedTuple):
    """One answer's grades in one dimension, 1 to 5."""

    scored: Scored
    reference: int
    both: Both
    rule: float | None
    """None: the rule cannot tell."""
    fair: bool = True
    """Whether the rule was made without looking at this answer."""


def dimension_of(
    name: str, asks: str, judge: str, graded: Sequence[Graded], *, mass: float | None, seed: int
) -> DimensionMeasure:
    """Agreement of both with the reference grades, and the judge's flips.

    The rule is held against answers that it was not made by, and so is the difference.
    """
    ours = agreement(judge, graded, [one.both.grade for one in graded], seed)
    fair = [one for one in graded if one.fair]
    rules = [one.rule for one in fair]
    theirs = agreement("rule", fair, rules, seed) if _any(rules) else None
    difference = _difference(fair, seed)
    headline, why = headlined(ours, theirs, difference)
    flags = [None if one.both.flipped is None else float(one.both.flipped) for one in graded]
    return DimensionMeasure(
        name=name,
        asks=asks,
        judge=ours,
        rule=theirs,
        difference=difference,
        flips=mean(flags, seed=seed, groups=_groups(graded)),
        mass=mass,
        headline=headline,
        why=why,
    )


def agreement(
    by: str, graded: Sequence[Graded], grades: Sequence[float | None], seed: int
) -> Agreement:
    """One grader's grades beside the reference; what it left unscored is counted, and left out."""
    known = [(one, grade) for one, grade in zip(graded, grades, strict=True) if grade is not None]
    column = _column(known, seed)
    return Agreement(
        by=by,
        n=len(known),
        unscored=len(graded) - len(known),
        kappa=weighted_kappa(column),
        spearman=spearman(column),
        error=absolute_error(column),
        length=length_effect(column, [len(one.scored.text) for one, _ in known]),
        injected=_raised(known, seed, planted=True),
        raised=_raised(known, seed, planted=False),
    )


def _raised(known: Sequence[tuple[Graded, float]], seed: int, *, planted: bool) -> Figure:
    """Of the answers that tell the judge what to reply, or of the others: graded too high."""
    those = [(one, grade) for one, grade in known if (INJECTION in one.scored.tags) == planted]
    return mean(
        [float(grade >= one.reference + 1) for one, grade in those],
        seed=seed,
        groups=[one.scored.group for one, _ in those],
    )


def _difference(graded: Sequence[Graded], seed: int) -> Figure:
    both = [
        (one, judged, one.rule)
        for one in graded
        if (judged := one.both.grade) is not None and one.rule is not None
    ]
    column = _column([(one, judged) for one, judged, _ in both], seed)
    return kappa_difference(column, [ruled for _, _, ruled in both])


def headlined(ours: Agreement, rule: Agreement | None, difference: Figure) -> tuple[bool, str]:
    """Whether the judge is shown first in this dimension, and why in one sentence.

    It must be better than chance, and not worse than a rule that costs nothing.
    """
    if useless := _useless(ours):
        return False, useless
    if rule is None:
        return True, f"There is no rule here, and the judge beats chance: {_between(ours.kappa)}."
    if difference.value is None or difference.n < MIN_ANSWERS:
        return False, f"Judge and rule share {difference.n} answers, too few to tell who is better."
    if difference.value < 0:
        return False, (
            "The judge agrees with the reference grades less than the rule does: its kappa differs "
            "by "
            f"{_between(difference)}."
        )
    return True, (
        f"The judge agrees with the reference grades at least as well as the rule: its kappa "
        f"differs by "
        f"{_between(difference)}."
    )


def _useless(ours: Agreement) -> str:
    """Why these grades decide nothing, whatever a rule says; empty: they may."""
    if ours.n < MIN_ANSWERS:
        return f"The judge graded {ours.n} answers; fewer than {MIN_ANSWERS} decide nothing."
    if ours.kappa.value is None:
        return "Judge and reference each have one grade for everything, so nothing can be told."
    if ours.kappa.low is None or ours.kappa.low <= 0:
        return f"The judge is not better than chance: its kappa is {_between(ours.kappa)}."
    return ""


def _between(figure: Figure) -> str:
    if figure.value is None:
        return "not known"
    if figure.low is None or figure.high is None:
        return _signed(figure.value)
    return f"{_signed(figure.value)}, 95% {_signed(figure.low)} to {_signed(figure.high)}"


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "\N{MINUS SIGN}")


def _column(known: Sequence[tuple[Graded, float]], seed: int) -> Column:
    return Column(
        [grade for _, grade in known],
        [one.reference for one, _ in known],
        [one.scored.group for one, _ in known],
        seed,
    )


def _groups(graded: Sequence[Graded]) -> list[str]:
    return [one.scored.group for one in graded]


def _any(grades: Sequence[float | None]) -> bool:
    return any(grade is not None for grade in grades)
