"""The evaluation table of the workshop's documents, measured: from stored runs alone.

Rows: cold latency, memory, context adherence, local cost, best use. One column per model.
Definitions and rules: docs/heuristics.md.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import Study
from sprat.studies.asked import Asked, asked_of
from sprat.studies.bestuse import BestUse, Told, best_uses
from sprat.studies.evaluation.plan import KIND as EVALUATE
from sprat.studies.evaluation.summary import summarise as evaluations
from sprat.studies.heuristics_cells import (
    Cell,
    abstention_cell,
    cold_cell,
    context_cell,
    energy_cell,
    gpu_cell,
    memory_cell,
    money_cell,
    processor_cell,
)
from sprat.studies.plan import KIND
from sprat.studies.summary import summarise

READ = (KIND, EVALUATE)
"""Kinds of study whose answers are the questions' own."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One model."""

    name: str
    identity: dict[str, Any] = {}
    cold_latency_s: Cell
    memory_bytes: Cell
    gpu_memory_bytes: Cell
    context_adherence: Cell
    abstention: Cell
    energy_joules_per_answer: Cell
    money_per_1000_answers: Cell
    """In the currency of the price that was given."""
    processor_s_per_answer: Cell
    best_use: BestUse


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A study that the table was read from."""

    run: str
    created: str
    models: tuple[str, ...]
    questions: str
    n: int
    """Questions."""
    machine: str
    warnings: tuple[str, ...]


class Heuristics(msgspec.Struct, frozen=True, kw_only=True):
    """The whole table."""

    schema: int = 1
    electricity_per_kwh: float | None = None
    models: tuple[Column, ...]
    runs: tuple[Evidence, ...]
    ignored: tuple[str, ...] = ()
    """What was asked for and could not be read, one line each."""


def heuristics(store: Store, ids: Sequence[str], electricity: float | None = None) -> Heuristics:
    """The table over one or several studies; `electricity` is the price of a kilowatt-hour.

    Raises:
        RunError: no such study, or none of them is of a kind that it can read.
    """
    studies = [store.study(id_) for id_ in dict.fromkeys(ids)]
    read = [study for study in studies if study.kind in READ]
    ignored = [_ignored(study) for study in studies if study.kind not in READ]
    if not read:
        raise RunError(
            f"None of these can be read: {' '.join(ignored)}",
            fix="Name a comparison or an evaluation: sprat compare, sprat evaluate",
        )
    newest = sorted(read, key=lambda study: study.created, reverse=True)
    seen = [one for study in newest for one in asked_of(store, study.id)]
    uses = best_uses([Told(one.study, one.key, one.runs) for one in seen])
    keys = dict.fromkeys(one.key for one in seen)
    return Heuristics(
        electricity_per_kwh=electricity,
        models=tuple(
            _column([one for one in seen if one.key == key], electricity, uses[key]) for key in keys
        ),
        runs=tuple(_evidence(store, study) for study in read),
        ignored=tuple(ignored),
    )


def _ignored(study: Study) -> str:
    return f"{study.id} is a study of kind {study.kind!r}: nothing of this table is read from it."


def _evidence(store: Store, study: Study) -> Evidence:
    environment = study.environment
    parts = (environment.get("cpu"), environment.get("os"))
    return Evidence(
        run=study.id,
        created=study.created,
        models=tuple(model.name for model in study.models),
        questions=study.questions_name,
        n=len(study.questions),
        machine=", ".join(str(part) for part in parts if part) or "not known",
        warnings=_warnings(store, study),
    )


def _warnings(store: Store, study: Study) -> tuple[str, ...]:
    if study.kind == EVALUATE:
        return evaluations(store, study.id).models[0].warnings
    return summarise(store, study.id).warnings


def _column(seen: Sequence[Asked], electricity: float | None, use: BestUse) -> Column:
    """Each figure from the study that has most evidence for it; the newest of several."""
    energy = _most(energy_cell(one) for one in seen)
    return Column(
        name=seen[0].model.name,
        identity=seen[0].model.identity,
        cold_latency_s=_most(cold_cell(one) for one in seen),
        memory_bytes=_most(memory_cell(one) for one in seen),
        gpu_memory_bytes=_most(gpu_cell(one) for one in seen),
        context_adherence=_most(context_cell(one) for one in seen),
        abstention=_most(abstention_cell(one) for one in seen),
        energy_joules_per_answer=energy,
        money_per_1000_answers=money_cell(energy, electricity),
        processor_s_per_answer=_most(processor_cell(one) for one in seen),
        best_use=use,
    )


def _most(cells: Iterable[Cell]) -> Cell:
    return max(cells, key=lambda cell: (cell.value is not None, cell.n))
