"""What a benchmark writes into the store beside its requests."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from sprat.runs.store import Store
from sprat.runs.study import Session, Study, StudyModel, new_study_id
from sprat.studies.bench.plan import KIND, BenchPlan, Side, questions_of, settings_of
from sprat.studies.bench.result import Condition
from sprat.studies.resume import refuse_other
from sprat.studies.standing import standing

Describe = Callable[[], dict[str, Any]]
"""The machine, now."""


class Record:
    """One study in the store, while it is asked; begun when the first side is ready to answer."""

    def __init__(
        self,
        plan: BenchPlan,
        sides: Sequence[Side],
        store: Store,
        *,
        describe: Describe,
        identities: Mapping[str, dict[str, Any]] | None = None,
        resume: str | None = None,
    ) -> None:
        """`identities` (`door.identity`) are by the sides' names."""
        self.study = resume or new_study_id()
        self.begun = False
        self._fresh = resume is None
        self._plan = plan
        self._sides = sides
        self._store = store
        self._describe = describe
        self._identities = identities or {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Hold the study, and look at the machine before it is made busy.

        Raises:
            RunError: another process asks for the same study, or a side is no longer what it was.
        """
        if not self._fresh:
            self._refuse_other_models()
        self._stack.enter_context(self._store.hold(self.study))
        self._machine = self._describe()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def begin(self) -> None:
        """From now on the study is there, and its status is kept true."""
        if self.begun:
            return
        if self._fresh:
            self._store.add_study(self._study())
        else:  # it may go on to more rounds, another precision or budget
            self._store.put_settings(self.study, settings_of(self._plan, self._sides))
        self._stack.enter_context(standing(self._store, self.study))
        self.begun = True

    def note(
        self,
        condition: Condition,
        sessions: Mapping[str, Session],
        faults: Mapping[str, dict[str, str]],
    ) -> None:
        """Keep how each side was made ready, and under which conditions one could not be.

        What a side that is ready now could not do when the study was begun is no longer true.
        """
        for model in self._store.study(self.study).models:
            new = sessions.get(model.role)
            unmeasured = {**model.unmeasured, **faults.get(model.role, {})}
            if new:
                unmeasured.pop(condition, None)
            changed = msgspec.structs.replace(
                model,
                identity=model.identity or dict(self._identities.get(model.role, {})),
                sessions=(*model.sessions, *([new] if new else [])),
                unmeasured=unmeasured,
            )
            self._store.put_model(self.study, changed)

    def close(self) -> None:
        """Keep what the machine is now."""
        before = self._store.study(self.study).environment
        self._store.put_environment(self.study, {**before, "end": self._describe()})

    def _refuse_other_models(self) -> None:
        study = self._store.study(self.study)
        for model in study.models:
            # A side that cannot be opened, now or when the study was begun, has none.
            if model.identity and model.role in self._identities:
                refuse_other(study, model, self._identities[model.role])

    def _study(self) -> Study:
        return Study(
            id=self.study,
            kind=KIND,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            questions_name=", ".join(self._plan.conditions),
            questions_sha256="",
            questions=questions_of(self._plan),
            settings=settings_of(self._plan, self._sides),
            environment=self._machine,
            models=tuple(map(self._model, self._sides)),
        )

    def _model(self, side: Side) -> StudyModel:
        identity = dict(self._identities.get(side.name, {}))
        return StudyModel(role=side.name, name=side.model, identity=identity)


def faults_by_side(
    faults: Mapping[tuple[str, Condition], Exception],
) -> dict[str, dict[str, str]]:
    """Side → condition → why it could not be measured."""
    found: dict[str, dict[str, str]] = {}
    for (side, condition), fault in faults.items():
        found.setdefault(side, {})[condition] = str(fault)
    return found
