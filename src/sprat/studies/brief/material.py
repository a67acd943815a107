"""The stored studies that a brief is made of, read once."""

from collections.abc import Sequence
from typing import NamedTuple

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import Study
from sprat.studies.asked import Asked, asked_of
from sprat.studies.bench.plan import KIND as BENCH
from sprat.studies.bench.result import BenchResult
from sprat.studies.bench.summary import summarise as bench_result
from sprat.studies.comparison import Comparison
from sprat.studies.evaluation.plan import KIND as EVALUATE
from sprat.studies.evaluation.result import EvaluatedModel
from sprat.studies.evaluation.summary import summarise as evaluation_of
from sprat.studies.grounded.plan import KIND as GROUNDED
from sprat.studies.grounded.result import GroundedEvaluation
from sprat.studies.grounded.summary import summarise as grounded_result
from sprat.studies.judging.plan import KIND as JUDGED
from sprat.studies.judging.result import JudgeMeasure
from sprat.studies.judging.summary import summarise as judge_measure
from sprat.studies.plan import KIND as COMPARE
from sprat.studies.summary import summarise as comparison_of

MOST_RUNS = 24
"""More studies than this are no brief."""


class Material(NamedTuple):
    """What was read, in the order in which it was named."""

    store: Store
    studies: tuple[Study, ...]
    asked: tuple[Asked, ...]
    """Every model that answered questions with a right answer."""
    comparisons: tuple[Comparison, ...]
    benches: tuple[BenchResult, ...]
    grounded: tuple[GroundedEvaluation, ...]
    evaluated: tuple[EvaluatedModel, ...]
    judges: tuple[JudgeMeasure, ...]
    """Judges, each measured against answers that a person graded."""
    ignored: tuple[str, ...]

    def study(self, run: str) -> Study:
        """The study of that id."""
        return next(study for study in self.studies if study.id == run)

    def warnings_of(self, study: Study) -> tuple[str, ...]:
        """What the study's own report says first to whoever reads its figures."""
        scored = (*self.comparisons, *self.evaluated)
        results = (*scored, *self.benches, *self.grounded, *self.judges)
        return next((one.warnings for one in results if one.run == study.id), ())

    def sides_of(self, run: str) -> tuple[Asked, ...]:
        """The models of one study that the brief is to speak of."""
        return tuple(one for one in self.asked if one.study.id == run)


def gather(store: Store, wanted: Sequence[str]) -> Material:
    """Read the studies; `ID:ROLE` takes one side of one.

    Raises:
        RunError: no such study or side; none can be read; there are too many.
    """
    if len(wanted) > MOST_RUNS:
        raise RunError(f"{len(wanted)} studies are no brief.", fix=f"Name {MOST_RUNS} at most.")
    names = [(name, store.find(name.partition(":")[0])) for name in dict.fromkeys(wanted)]
    ids = list(dict.fromkeys(id_ for _, id_ in names))
    studies = tuple(store.study(id_) for id_ in ids)
    known = (COMPARE, EVALUATE, BENCH, GROUNDED, JUDGED)
    ignored = tuple(
        f"{study.id} is a study of kind {study.kind!r}: nothing is read from it."
        for study in studies
        if study.kind not in known
    )
    if len(ignored) == len(studies):
        raise RunError(f"There is no brief in these: {' '.join(ignored)}", fix="sprat runs list")
    asked = _asked(store, names, studies)
    return Material(
        store=store,
        studies=tuple(study for study in studies if study.kind in known),
        asked=asked,
        comparisons=tuple(
            comparison_of(store, study.id)
            for study in studies
            if study.kind == COMPARE and _is_whole(study, asked)
        ),
        benches=tuple(bench_result(store, s.id) for s in studies if s.kind == BENCH),
        grounded=tuple(grounded_result(store, s.id) for s in studies if s.kind == GROUNDED),
        evaluated=tuple(
            evaluation_of(store, s.id).models[0] for s in studies if s.kind == EVALUATE
        ),
        judges=tuple(judge_measure(store, s.id) for s in studies if s.kind == JUDGED),
        ignored=ignored,
    )


def _asked(
    store: Store, names: Sequence[tuple[str, str]], studies: Sequence[Study]
) -> tuple[Asked, ...]:
    """The sides named, each once."""
    kinds = {study.id: study.kind for study in studies}
    found: dict[tuple[str, str], Asked] = {}
    for name, id_ in names:
        if kinds[id_] in {COMPARE, EVALUATE}:
            role = name.partition(":")[2]
            for one in asked_of(store, f"{id_}:{role}"):
                found.setdefault((id_, one.model.role), one)
    return tuple(found.values())


def _is_whole(study: Study, asked: Sequence[Asked]) -> bool:
    """Whether both sides of a comparison are spoken of."""
    return sum(one.study.id == study.id for one in asked) == len(study.models)
