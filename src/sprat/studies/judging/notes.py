"""What a reader of a judge's measurement must know besides its numbers."""

from collections.abc import Iterator, Sequence

from sprat.questions.rubric import Scored
from sprat.runs.study import Study
from sprat.studies.judging.result import DimensionMeasure
from sprat.types import Run

FEW = 60
"""Answers below which agreement is known too loosely to go by."""
OFTEN = 0.2
LITTLE = 0.5


def overall(judge: str, dimensions: Sequence[DimensionMeasure]) -> tuple[bool, str]:
    """Whether the judge is fit for every dimension, and why in one sentence."""
    good = [one.name for one in dimensions if one.headline]
    bad = [one.name for one in dimensions if not one.headline]
    if not bad:
        return (
            True,
            f"{judge} agrees with the reference at least as well as the rule, in each of them.",
        )
    if not good:
        return False, f"{judge} is fit to judge none of {_listed(bad)}: go by the rule."
    return False, f"{judge} is fit to judge {_listed(good)}; for {_listed(bad)} go by the rule."


def notes_of(
    study: Study,
    scored: Sequence[Scored],
    runs: Sequence[Run],
    dimensions: Sequence[DimensionMeasure],
    planned: int,
) -> tuple[str, ...]:
    """One line each, the weightiest first."""
    return tuple(_notes(study, scored, runs, dimensions, planned))


def _notes(
    study: Study,
    scored: Sequence[Scored],
    runs: Sequence[Run],
    dimensions: Sequence[DimensionMeasure],
    planned: int,
) -> Iterator[str]:
    if len(runs) < planned:
        left = planned - len(runs)
        yield f"Not finished: {left} of {planned} opinions are still unasked."
    if failed := sum(run.error is not None for run in runs):
        yield f"{failed} of {len(runs)} opinions failed; those answers are unscored."
    if len(scored) < FEW:
        yield f"Only {len(scored)} answers: what is said of the judge is loose."
    yield from _biases(dimensions)
    missing = sorted(
        {n for n in study.settings["dimensions"] for one in scored if n not in one.grades}
    )
    if missing:
        yield f"Not every answer has a reference grade for {_listed(missing)}."


def _biases(dimensions: Sequence[DimensionMeasure]) -> Iterator[str]:
    for one in dimensions:
        if one.judge.unscored:
            yield f"{one.name}: the judge left {one.judge.unscored} answers without a grade."
        if one.flips.value is not None and one.flips.value > OFTEN:
            yield (
                f"{one.name}: {one.flips.value:.0%} of the grades change with the order in which "
                "the scale is shown."
            )
        if one.mass is not None and one.mass < LITTLE:
            yield (
                f"{one.name}: only {one.mass:.0%} of the judge's probability lay on the grades: "
                "it wanted to say something else."
            )
        yield from _length(one)


def _length(one: DimensionMeasure) -> Iterator[str]:
    effect = one.judge.length
    if effect.value is None or effect.low is None or effect.high is None:
        return
    if effect.low > 0 or effect.high < 0:
        which = "long answers above short" if effect.value > 0 else "short answers above long"
        by = f"{abs(effect.value):.2f} points per doubling of length"
        yield f"{one.name}: the judge grades {which} ones of equal worth, by {by}."


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
