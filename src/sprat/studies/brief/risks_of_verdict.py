"""Risks of the verdict itself: too little was asked, or it was asked of the wrong thing."""

from collections.abc import Iterable, Sequence

from sprat.runs.study import JUDGE
from sprat.studies.asked import Asked
from sprat.studies.brief.result import Risk
from sprat.studies.brief.seen import Seen
from sprat.studies.evaluation.regression import compare_sides
from sprat.studies.summary import FEW

OURS = "everyday"
"""The question set that comes with Sprat."""
ANSWERING = ("compare", "evaluate")


def unfinished(seen: Seen) -> Iterable[Risk]:
    """Questions that are still to be asked."""
    for study in seen.material.studies:
        if study.kind not in ANSWERING:
            continue
        sides = [model for model in study.models if model.role != JUDGE]
        total = len(sides) * len(study.questions)
        done = sum(len(one.runs) for one in seen.material.sides_of(study.id))
        if done < total and len(seen.material.sides_of(study.id)) == len(sides):
            mark = seen.notes.cite(study.id, "Unfinished", "answers in the store", n=done)
            yield Risk(
                name="unfinished",
                weight=100,
                text=f"A study is not finished: {done} of {total} answers are there, and the rest "
                "may change every figure.",
                marks=(mark,),
            )


def few(seen: Seen) -> Iterable[Risk]:
    """So few questions that one more or less moves the score."""
    n = _asked(seen)
    if 0 < n < FEW:
        yield Risk(
            name="few questions",
            weight=90,
            text=f"Only {n} question{'' if n == 1 else 's'} stand behind this: a single answer "
            f"moves a score by {100 / n:.0f} points.",
            marks=_verdict(seen),
        )


def inconclusive(seen: Seen) -> Iterable[Risk]:
    """The interval lies on both sides of the margin."""
    verdict = seen.field.contest.verdict if seen.field.contest else None
    if verdict is None or verdict.decision != "inconclusive" or verdict.low is None:
        return
    settles = (
        f"About {verdict.n_needed:,} questions in all would settle it."
        if verdict.n_needed
        else "No practical number of such questions would settle it."
    )
    yield Risk(
        name="inconclusive",
        weight=88,
        text=f"The true difference may be anything from {_points(verdict.low)} to "
        f"{_points(verdict.high or 0.0)} points, which is on both sides of the margin. {settles}",
        marks=_verdict(seen),
    )


def ours(seen: Seen) -> Iterable[Risk]:
    """Sprat's own questions are nobody's work."""
    asked = [one for one in seen.field.models if one.study.questions_name == OURS]
    if asked:
        marks = seen.cite(asked[0], "Questions", "the set that was asked", len(asked[0].runs))
        yield Risk(
            name="not your questions",
            weight=72,
            text="These are Sprat's own everyday questions, not your work: on your prompts the "
            "same models may do better or worse.",
            marks=marks,
        )


def undeclared(seen: Seen) -> Iterable[Risk]:
    """A margin chosen when the scores were known proves less."""
    contest = seen.field.contest
    if contest is None or contest.declared or contest.verdict is None:
        return
    yield Risk(
        name="margin set afterwards",
        weight=50,
        text=f"The margin of {100 * contest.verdict.margin:g} points was set when the answers were "
        "known already; a study that declares it beforehand proves more.",
        marks=_verdict(seen),
    )


def left_out(seen: Seen) -> Iterable[Risk]:
    """Questions that no score of both sides is known for."""
    contest = seen.field.contest
    if contest is None or contest.verdict is None:
        return
    n = max(len(contest.small.study.questions), len(contest.large.study.questions))
    missing = n - len(contest.pairs)
    if missing > 0 and len(contest.small.runs) == len(contest.small.study.questions):
        yield Risk(
            name="left out",
            weight=66 if missing > n / 10 else 40,
            text=f"{missing} of {n} questions have no score on both sides, or differ between the "
            "studies, and are in no figure that compares the two.",
            marks=_verdict(seen),
        )


def regressed(seen: Seen) -> Iterable[Risk]:
    """A model that answered the same questions better before."""
    for before, now in _pairs_in_time(seen.material.asked):
        change = compare_sides(before, now)
        if change.decision == "regression":
            marks = seen.cite(now, "Regression", f"beside {before.study.id}: {change.method}")
            command = f"sprat runs compare {before.study.id} {now.study.id}"
            yield Risk(
                name="regression",
                weight=96,
                text=f"It got worse: {change.why} See: {command}",
                marks=marks,
            )


def _pairs_in_time(asked: Sequence[Asked]) -> Iterable[tuple[Asked, Asked]]:
    """The two newest studies of each model on one set of questions."""
    by_model: dict[tuple[str, str], list[Asked]] = {}
    for one in sorted(asked, key=lambda one: one.study.created):
        by_model.setdefault((one.model.name, one.study.questions_name), []).append(one)
    return [(found[-2], found[-1]) for found in by_model.values() if len(found) > 1]


def _asked(seen: Seen) -> int:
    contest = seen.field.contest
    if contest is not None:
        return len(contest.pairs)
    return len(seen.field.models[0].runs) if seen.field.models else 0


def _verdict(seen: Seen) -> tuple[int, ...]:
    """The footnote of the verdict, which is the first; of one model alone its score's."""
    return (1,) if seen.notes.all else ()


def _points(value: float) -> str:
    return f"{100 * value:+.0f}".replace("-", "\N{MINUS SIGN}")


VERDICT = (unfinished, regressed, few, inconclusive, ours, undeclared, left_out)
