"""`sprat judge`: a judge grades answers that were graded before; every opinion is kept at once."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from sprat.engines.base import Engine, Load
from sprat.questions.collection import fingerprint
from sprat.questions.rubric import Scored
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Session, Study, StudyModel, new_study_id
from sprat.studies.judging.grades import ORDERS, judge_answers
from sprat.studies.judging.plan import KIND, JudgePlan
from sprat.studies.judging.scored import as_question, to_grade
from sprat.studies.resume import refuse_other
from sprat.studies.standing import standing
from sprat.studies.watching import watched

ANSWERS = "sha256 of the answers"
"""As a difference is told: after the seed and the limit, which choose other answers."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured: a judge by name, the answers, and how they were chosen."""

    judge: str
    plan: JudgePlan
    answers_name: str
    answers: tuple[Scored, ...]
    selection: dict[str, Any] = {}
    """Files and limit, so that a study can be resumed from wherever it is."""

    @property
    def settings(self) -> dict[str, Any]:
        """What is stored with the study."""
        asks = {one.name: one.asks for one in self.plan.dimensions}
        return {**self.plan.settings, "asks": asks, **self.selection}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened that a progress bar may show."""

    what: Literal["warming", "judged"]
    study: str = ""
    """Empty while nothing is recorded yet."""
    done: int = 0
    total: int = 0
    error: str | None = None


Progress = Callable[[Event], None]


async def measure_judge(
    wanted: Measured,
    judge: Engine,
    store: Store,
    *,
    identity: dict[str, Any] | None = None,
    environment: dict[str, Any] | None = None,
    resume: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Have every answer graded by the judge, and return the study's id; closes the judge.

    With `resume`, only what that study has not asked yet. Cancelled or failing, it leaves a study
    that can be resumed.

    Raises:
        RunError: the study to resume differs, or the judge failed too often in a row.
        EngineError: the judge could not be made ready; nothing is recorded then.
    """
    show = progress or _show_nothing
    if resume is not None:
        refuse_change(store.study(resume), wanted, identity or {})
    study = resume or new_study_id()

    def told(done: int, total: int, error: str | None) -> None:
        show(Event(what="judged", study=study, done=done, total=total, error=error))

    try:
        with store.hold(study):
            show(Event(what="warming"))
            session = _session(await judge.warm())
            if resume is None:
                store.add_study(_fresh(study, wanted, identity or {}, environment or {}, session))
            else:
                _continue(study, session, store)
            with standing(store, study), watched(store, study, [judge]):
                answers = to_grade(wanted.answers)
                await judge_answers(answers, judge, store, study, wanted.plan, told)
    finally:
        await judge.aclose()
    return study


def refuse_change(study: Study, wanted: Measured, identity: dict[str, Any]) -> None:
    """A study is only resumed as it began, by the same judge.

    Raises:
        RunError: naming the first thing that differs, with both values.
    """
    refuse_difference(study, wanted)
    for model in study.models:
        refuse_other(study, model, identity)


def refuse_difference(study: Study, wanted: Measured) -> None:
    """The same of what is asked, whoever answers: a finished study is only shown as it began.

    Raises:
        RunError: naming the first thing that differs, with both values.
    """
    now = StudyModel(role=JUDGE, name=wanted.judge, identity=_essentials(wanted))
    before = {**study.settings, ANSWERS: study.questions_sha256[:12], "kind": study.kind}
    began = StudyModel(role=JUDGE, name=_judge(study), identity={**before, "judge": _judge(study)})
    kept = {what: began.identity.get(what) for what in now.identity}
    refuse_other(study, msgspec.structs.replace(began, identity=kept), now.identity)


def _judge(study: Study) -> str:
    return next((model.name for model in study.models if model.role == JUDGE), "")


def _essentials(wanted: Measured) -> dict[str, Any]:
    names = ("seed", "max_tokens", "rubric_sha256", "limit")
    settings = wanted.settings
    questions = fingerprint([as_question(one) for one in wanted.answers])
    return {
        "kind": KIND,
        "judge": wanted.judge,
        **{name: settings.get(name) for name in names},
        ANSWERS: questions[:12],
    }


def is_finished(store: Store, study_id: str) -> bool:
    """Whether nothing is left to ask; such a study is marked as done."""
    from sprat.studies.resume import outage

    study = store.study(study_id)
    planned = len(study.questions) * len(study.settings["dimensions"]) * len(ORDERS)
    if len(store.answered(study_id)) < planned or outage(store, study_id, JUDGE) is not None:
        return False
    store.set_status(study_id, "done")
    return True


def _show_nothing(_: Event) -> None:
    pass


def _fresh(
    study: str,
    wanted: Measured,
    identity: dict[str, Any],
    environment: dict[str, Any],
    session: Session,
) -> Study:
    questions = _questions(wanted.answers)
    model = StudyModel(role=JUDGE, name=wanted.judge, identity=identity, sessions=(session,))
    return Study(
        id=study,
        kind=KIND,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        questions_name=wanted.answers_name,
        questions_sha256=fingerprint(questions),
        questions=questions,
        settings=wanted.settings,
        environment=environment,
        models=(model,),
    )


def _questions(answers: Sequence[Scored]) -> tuple[Any, ...]:
    return tuple(as_question(one) for one in answers)


def _continue(study: str, session: Session, store: Store) -> None:
    for model in store.study(study).models:
        sessions = (*model.sessions, session)
        store.put_model(study, msgspec.structs.replace(model, sessions=sessions))


def _session(load: Load) -> Session:
    return Session(
        cold_load_s=load.load_s, warm_up_s=load.warm_up_s, provider=load.provider, nodes=load.nodes
    )
