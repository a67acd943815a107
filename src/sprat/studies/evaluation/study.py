"""`sprat evaluate`: ask one model every question; score, measure and keep every answer at once."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from sprat.cost import Prices
from sprat.engines.base import Engine
from sprat.measure.gpu import Growth, opened_gpu
from sprat.questions.collection import fingerprint
from sprat.runs.store import Store
from sprat.runs.study import Session, Study, new_study_id
from sprat.studies.asking import Respondent, Streak, answer, gives_logprobs, session_of, side_of
from sprat.studies.evaluation.grading import rule_verdicts
from sprat.studies.evaluation.plan import (
    KIND,
    ROLE,
    EvaluatePlan,
    asking_order,
    plan_of,
    refuse_difference,
    request_for,
)
from sprat.studies.metering import metered
from sprat.studies.resume import go_on, outage, refuse_other
from sprat.studies.standing import standing
from sprat.studies.watching import watched
from sprat.types import Question, Run

COMMAND = "sprat evaluate"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened that a progress bar may show."""

    what: Literal["warming", "bare", "asked", "judged"]
    """`bare`: it cannot give log-probabilities, and is asked without."""
    model: str
    study: str = ""
    """Empty while nothing is recorded yet."""
    done: int = 0
    total: int = 0
    score: float | None = None
    error: str | None = None


Progress = Callable[[Event], None]


Judge = Callable[[Store, str, Progress], Coroutine[Any, Any, None]]
"""Grades the answers of a study, once they are all there."""


class Opened(NamedTuple):
    """The model, ready to be loaded, and what is recorded about it and the machine."""

    engine: Engine
    identity: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    environment: dict[str, Any] = {}  # noqa: RUF012
    prices: Prices | None = None


async def evaluate(
    plan: EvaluatePlan,
    opened: Opened,
    store: Store,
    *,
    resume: str | None = None,
    progress: Progress | None = None,
    judge: Judge | None = None,
) -> str:
    """Ask every question, have the answers graded if so planned, and return the study's id.

    With `resume`, only what that study has not asked yet. Cancelled or failing, it leaves a study
    that can be resumed. Closes the engine, before a judge is asked: both need memory.

    Raises:
        RunError: the study to resume differs from the plan, or asking failed too often in a row.
        EngineError: the model could not be made ready; nothing is recorded then.
    """
    show = progress or _show_nothing
    study = resume or new_study_id()
    try:
        if resume is not None:
            _refuse_change(store.study(resume), plan, opened)
        with store.hold(study):
            open_ones = resume is None or unasked(store, resume) > 0
            if open_ones:
                plan = await _ready(plan, opened, store, study, show, fresh=resume is None)
            with standing(store, study):
                if open_ones:
                    await _ask_all(plan, opened, store, study, show)
                await opened.engine.aclose()
                if judge is not None:
                    await judge(store, study, show)
    finally:
        await opened.engine.aclose()
    return study


def unasked(store: Store, study: str) -> int:
    """How many questions have no answer yet; those of an outage count as not asked."""
    asked = sum(role == ROLE for _, role, _ in store.answered(study))
    if outage(store, study, ROLE) is not None:
        return max(1, len(store.study(study).questions) - asked)
    return len(store.study(study).questions) - asked


def unfinished(store: Store) -> str | None:
    """The newest evaluation that is not done; None when there is none."""
    lines = (line for line in store.studies() if line.kind == KIND and line.status != "done")
    return next((line.id for line in lines), None)


def batch_of(store: Store, study_id: str) -> dict[str, str]:
    """The evaluations of one command, by model: its models that were begun, and their studies."""
    batch = plan_of(store.study(study_id)).batch
    found: dict[str, str] = {}
    for line in store.studies():
        if line.kind != KIND:
            continue
        plan = plan_of(store.study(line.id))
        if line.id == study_id or (batch and plan.batch == batch):
            found.setdefault(plan.model, line.id)
    return found


def _show_nothing(_: Event) -> None:
    pass


def _refuse_change(study: Study, plan: EvaluatePlan, opened: Opened) -> None:
    refuse_difference(study, plan)
    for model in study.models:
        if model.role == ROLE:
            refuse_other(study, model, opened.identity)


async def _ready(
    plan: EvaluatePlan, opened: Opened, store: Store, study: str, show: Progress, *, fresh: bool
) -> EvaluatePlan:
    """Load the model and record that it is asked; the plan without what it cannot give."""
    show(Event(what="warming", model=plan.model))
    session = await _warmed(opened.engine)
    bare = plan.logprobs is not None and not await gives_logprobs(opened.engine, plan.logprobs)
    if bare:
        show(Event(what="bare", model=plan.model))
    if fresh:
        store.add_study(_fresh(study, plan, opened, session))
    else:
        go_on(store, study, {ROLE: session})
    return msgspec.structs.replace(plan, logprobs=None) if bare else plan


async def _warmed(engine: Engine) -> Session:
    with opened_gpu() as gpu:
        growth = Growth(gpu)
        return session_of(await engine.warm(), growth.bytes())


def _fresh(study: str, plan: EvaluatePlan, opened: Opened, session: Session) -> Study:
    return Study(
        id=study,
        kind=KIND,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        questions_name=plan.questions_name,
        questions_sha256=fingerprint(plan.questions),
        questions=plan.questions,
        settings=plan.settings,
        environment=opened.environment,
        models=(side_of(ROLE, plan.model, opened.identity, session),),
    )


async def _ask_all(
    plan: EvaluatePlan, opened: Opened, store: Store, study: str, show: Progress
) -> None:
    order = asking_order(plan.questions, plan.seed)
    known = {question for question, role, _ in store.answered(study) if role == ROLE}
    streak, done = Streak(COMMAND), len(known)
    async with metered({ROLE: opened.engine}) as meters:
        who = Respondent(study, ROLE, plan.model, opened.engine, meters[ROLE], opened.prices)
        with watched(store, study, [opened.engine]):
            for position, question in enumerate(order):
                if question.id in known:
                    continue
                request = request_for(question, plan)
                run = graded(await answer(who, question, request, position), question)
                store.add_run(run)
                done += 1
                show(_event(run, done, len(order)))
                streak.add(run)


def graded(run: Run, question: Question) -> Run:
    """The run with the rule's verdicts behind its own scorer's."""
    own = run.verdicts[:1]
    return msgspec.structs.replace(run, verdicts=(*own, *rule_verdicts(question, run.reply)))


def _event(run: Run, done: int, total: int) -> Event:
    return Event(
        what="asked",
        model=run.model,
        study=run.study,
        done=done,
        total=total,
        score=run.verdicts[0].value if run.verdicts else None,
        error=run.error,
    )
