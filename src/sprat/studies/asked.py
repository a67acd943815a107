"""One model in one study: what tables and reports over several studies are made of."""

from collections.abc import Iterable

import msgspec

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, StudyModel
from sprat.studies.comparison import ModelSummary
from sprat.studies.tally import summarise_model
from sprat.types import Run


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One model in one study."""

    study: Study
    model: StudyModel
    runs: tuple[Run, ...]

    @property
    def key(self) -> str:
        """What makes answers comparable: the name, and the weights and provider behind it."""
        identity = msgspec.json.encode(self.model.identity, order="sorted").decode()
        return f"{self.model.name} {identity}"

    def summary(self, kind: str | None = None, scorer: str | None = None) -> ModelSummary:
        """Over all answers, or those to one kind of question, or with one scorer."""
        questions = {question.id: question for question in self.study.questions}
        mine = [
            run
            for run in self.runs
            if kind in {None, run.kind} and scorer in {None, questions[run.question].scorer}
        ]
        return summarise_model(self.model, mine, questions, self.study.settings["seed"])


def asked_of(store: Store, wanted: str) -> tuple[Asked, ...]:
    """The models that answered in a study; `ID:ROLE` names one of them: `latest:small`.

    A judge answers no question of the study's, so it is none of them.

    Raises:
        RunError: no such study, or no such side in it.
    """
    name, _, role = wanted.partition(":")
    study = store.study(store.find(name))
    runs = list(store.runs(study.id))
    found = [
        Asked(study=study, model=model, runs=tuple(run for run in runs if run.role == model.role))
        for model in study.models
        if model.role != JUDGE and role in {"", model.role, model.name}
    ]
    if not found and not role:
        raise RunError(
            f"In {study.id} nobody answered: it is a study of kind {study.kind!r}.",
            fix="See: sprat runs list",
        )
    if not found:
        raise RunError(f"{study.id} has no side {role!r}.", fix=f"It has: {_sides(study.models)}")
    return tuple(found)


def one_of(store: Store, wanted: str) -> Asked:
    """The only model that `wanted` names.

    Raises:
        RunError: as `asked_of`, or it names several.
    """
    one, *others = asked_of(store, wanted)
    if others:
        sides = " or ".join(f"{one.study.id}:{asked.model.role}" for asked in (one, *others))
        raise RunError(f"{wanted} has {1 + len(others)} models.", fix=f"Say which: {sides}")
    return one


def _sides(models: Iterable[StudyModel]) -> str:
    return ", ".join(f"{model.role} ({model.name})" for model in models)
