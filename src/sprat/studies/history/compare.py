"""Two runs beside each other: what changed from one to the other, and what may be behind it."""

from collections.abc import Sequence
from typing import cast

import msgspec

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import JUDGE
from sprat.studies.asked import Asked, one_of
from sprat.studies.bench.plan import KIND as BENCH
from sprat.studies.evaluation.change import SIGNIFICANCE, Change
from sprat.studies.evaluation.regression import compare_sides
from sprat.studies.history.figures import Figure, figures_of
from sprat.studies.history.grades import GradeChange, grade_changes, grades_in
from sprat.types import Question, Run


class RunComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result, as `--json` writes it."""

    schema: int = 1
    change: Change
    figures: tuple[Figure, ...]
    grades: tuple[GradeChange, ...]
    """Empty: not both sides were graded by the same rule or judge."""
    warnings: tuple[str, ...] = ()


def compare_runs(
    store: Store,
    before: str,
    now: str,
    *,
    margin: float = 0.0,
    significance: float = SIGNIFICANCE,
    seed: int = 0,
) -> RunComparison:
    """`before` and `now` are `RUN` or `RUN:ROLE`; everything is of the questions in common.

    Raises:
        RunError: no such study or side, several sides, or a benchmark.
    """
    a, b = _one(store, before), _one(store, now)
    change = compare_sides(a, b, margin=margin, significance=significance, seed=seed)
    left_out = frozenset(change.changed_questions)
    questions = [one for one in b.study.questions if one.id not in left_out]
    pairs = _pairs(a, b, questions)
    return RunComparison(
        change=change,
        figures=figures_of(pairs, seed),
        grades=_grades(store, a, b, questions, seed),
        warnings=tuple(_warnings(a, b, change)),
    )  # fmt: skip


def _one(store: Store, wanted: str) -> Asked:
    asked = one_of(store, wanted)
    if asked.study.kind == BENCH:
        raise RunError(
            f"{asked.study.id} is a benchmark, which has its sides beside each other already.",
            fix=f"See: sprat runs report {asked.study.id}",
        )
    return asked


def _pairs(a: Asked, b: Asked, questions: Sequence[Question]) -> list[tuple[Run, Run]]:
    before, now = ({run.question: run for run in s.runs if run.repeat == 0} for s in (a, b))
    both = [question.id for question in questions if question.id in before and question.id in now]
    return [(before[name], now[name]) for name in both]


def _grades(
    store: Store, a: Asked, b: Asked, questions: Sequence[Question], seed: int
) -> tuple[GradeChange, ...]:
    """By the same rubric only, and a judge's only where the same model judged."""
    if _rubric(a) != _rubric(b):
        return ()
    judged = _judge(a) is not None and _judge(a) == _judge(b)
    before, now = (
        grades_in(side.runs, _opinions(store, side) if judged else []) for side in (a, b)
    )
    return grade_changes(before, now, questions, seed)


def _rubric(side: Asked) -> object:
    """Its fingerprint; None: nothing was graded."""
    rubric = side.study.settings.get("rubric")
    return cast("dict[str, object]", rubric).get("sha256") if isinstance(rubric, dict) else rubric


def _judge(side: Asked) -> tuple[str, object] | None:
    """Its name, and what stands behind it."""
    judges = [model for model in side.study.models if model.role == JUDGE]
    return (judges[0].name, judges[0].identity) if judges else None


def _opinions(store: Store, side: Asked) -> list[Run]:
    return [run for run in store.runs(side.study.id) if run.role == JUDGE]


def _warnings(a: Asked, b: Asked, change: Change) -> list[str]:
    lines = [
        f"{side.study.id} is not finished: {n} of {len(side.study.questions)} questions."
        for side in (a, b)
        if (n := len({run.question for run in side.runs})) < len(side.study.questions)
    ]
    if a.study.id == b.study.id and a.model.role == b.model.role:
        lines.append("Both are the same answers: a run is compared with itself.")
    elif a.study.created > b.study.created:
        lines.append(f"{a.study.id} is the later one: it stands for “before” all the same.")
    if None not in {_rubric(a), _rubric(b)} and _rubric(a) != _rubric(b):
        lines.append("Grades are not compared: they are by another rubric.")
    elif None not in (_judge(a), _judge(b)) and _judge(a) != _judge(b):
        lines.append("The judges' grades are not compared: it is not the same judge.")
    if change.pace.other_machine:
        lines.append(f"Seconds and joules are of {change.pace.other_machine}.")
    return lines
