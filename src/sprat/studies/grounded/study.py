"""`sprat rag evaluate`: ask every question of the documents, and keep every answer at once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from sprat.cost import Prices
from sprat.engines.base import Engine
from sprat.questions.collection import fingerprint
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Session, Study, new_study_id
from sprat.studies.asking import Respondent, Streak, answer, session_of, side_of
from sprat.studies.grounded.answers import verdict_of
from sprat.studies.grounded.case import ROLE, Case
from sprat.studies.grounded.judge import judge_answers
from sprat.studies.grounded.plan import KIND, GroundedPlan, asking_order, refuse_difference
from sprat.studies.grounded.question import from_question
from sprat.studies.metering import metered
from sprat.studies.resume import go_on, refuse_other
from sprat.studies.standing import standing
from sprat.studies.watching import watched
from sprat.types import ChatRequest, Question, Reply, Run, Verdict

MAX_TOKENS = 256


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened that a progress bar may show."""

    what: Literal["warming", "asked", "judged"]
    study: str = ""
    """Empty while nothing is recorded yet."""
    done: int = 0
    total: int = 0
    right: float | None = None
    """What the answer was scored; None: not scored, or judged."""
    error: str | None = None


Progress = Callable[[Event], None]
Identities = dict[str, dict[str, Any]]
"""By role: what makes each side's answers its own, `door.identity`."""


class Opened(NamedTuple):
    """Everything that is asked, and what is recorded about it and the machine."""

    engine: Engine
    judge: Callable[[], Awaitable[Engine]] | None = None
    """Opens the judge when the answers are there and `engine` is closed: both need memory."""
    identities: Identities = {}  # noqa: RUF012 (never changed)
    environment: dict[str, Any] = {}  # noqa: RUF012
    prices: Prices | None = None


async def evaluate(
    plan: GroundedPlan,
    opened: Opened,
    store: Store,
    *,
    resume: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Ask every question, have the answers judged if so planned, and return the study's id.

    With `resume`, only what that study has not asked yet. Cancelled or failing, it leaves a study
    that can be resumed. Closes what was opened.

    Raises:
        RunError: the study to resume differs from the plan, or asking failed too often in a row.
        EngineError: the models could not be made ready; nothing is recorded then.
        DocumentError: the documents cannot be used; nothing is recorded then.
    """
    show = progress or _show_nothing
    if resume is not None:
        _refuse_change(store.study(resume), plan, opened.identities)
    study = resume or new_study_id()
    try:
        with store.hold(study):
            show(Event(what="warming"))
            session = session_of(await opened.engine.warm())
            if resume is None:
                store.add_study(_fresh(study, plan, opened, session))
            else:
                go_on(store, study, {ROLE: session})
            with standing(store, study):
                await _ask_all(plan, opened, store, study, show)
                await opened.engine.aclose()
                await _judge_all(plan, opened, store, study, show)
    finally:
        await opened.engine.aclose()
    return study


def _show_nothing(_: Event) -> None:
    pass


def _refuse_change(study: Study, plan: GroundedPlan, identities: Identities) -> None:
    refuse_difference(study, plan)
    for model in study.models:
        if model.role in identities:
            refuse_other(study, model, identities[model.role])


def _fresh(study: str, plan: GroundedPlan, opened: Opened, session: Session) -> Study:
    sides = {ROLE: plan.name, **({JUDGE: plan.judge} if plan.judge else {})}
    return Study(
        id=study,
        kind=KIND,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        questions_name=plan.questions_name,
        questions_sha256=fingerprint(plan.questions),
        questions=plan.questions,
        settings=plan.settings,
        environment=opened.environment,
        models=tuple(
            side_of(
                role, name, opened.identities.get(role, {}), *((session,) if role == ROLE else ())
            )
            for role, name in sides.items()
        ),
    )


async def _ask_all(
    plan: GroundedPlan, opened: Opened, store: Store, study: str, show: Progress
) -> None:
    known = {question for question, role, _ in store.answered(study) if role == ROLE}
    order = asking_order(plan.questions, plan.seed)
    done, streak = len(known), Streak("sprat rag evaluate")
    if done == len(order):
        return
    async with metered({ROLE: opened.engine}) as meters:
        who = Respondent(study, ROLE, plan.name, opened.engine, meters[ROLE])
        with watched(store, study, [opened.engine]):
            for position, question in enumerate(order):
                if question.id in known:
                    continue
                run = await answer(who, question, _request(question, plan), position, _verdict)
                run = _paid(run, opened.prices)
                store.add_run(run)
                done += 1
                show(_event(run, done, len(order)))
                streak.add(run)


def _request(question: Question, plan: GroundedPlan) -> ChatRequest:
    return ChatRequest(messages=question.messages, max_tokens=question.max_tokens, seed=plan.seed)


def _verdict(question: Question, reply: Reply | None, error: str | None) -> Verdict:
    return verdict_of(Case(question=from_question(question), reply=reply, error=error))


def _paid(run: Run, prices: Prices | None) -> Run:
    if run.reply is None or prices is None:
        return run
    return msgspec.structs.replace(run, reply=priced(run.reply, prices))


def priced(reply: Reply, prices: Prices) -> Reply:
    """The reply with the cost of all its attempts; None where one of them has no price."""
    if reply.cost_usd is not None:
        return reply
    costs = [
        step.cost_usd
        if step.cost_usd is not None
        else prices.of(step.engine, step.usage, step.timing)
        for step in reply.steps
        if step.usage is not None
    ]
    known = [cost for cost in costs if cost is not None]
    if not known or len(known) < len(costs):
        return reply
    return msgspec.structs.replace(reply, cost_usd=sum(known))


async def _judge_all(
    plan: GroundedPlan, opened: Opened, store: Store, study: str, show: Progress
) -> None:
    if plan.judge is None or opened.judge is None:
        return

    def told(done: int, total: int, error: str | None) -> None:
        show(Event(what="judged", study=study, done=done, total=total, error=error))

    judge = await opened.judge()
    try:
        await judge_answers(plan, judge, store, study, told)
    finally:
        await judge.aclose()


def _event(run: Run, done: int, total: int) -> Event:
    value = run.verdicts[0].value if run.verdicts else None
    return Event(
        what="asked", study=run.study, done=done, total=total, right=value, error=run.error
    )
