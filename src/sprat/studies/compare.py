"""`sprat compare`: ask both, in turns; score, measure and keep every answer at once."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from sprat.cost import Prices
from sprat.engines.base import Engine
from sprat.measure.gpu import Growth, opened_gpu
from sprat.measure.meter import Meter
from sprat.runs.store import Store
from sprat.runs.study import Session, Study, new_study_id
from sprat.studies.asking import (
    Respondent,
    Streak,
    answer,
    gives_logprobs,
    session_of,
    side_of,
)
from sprat.studies.metering import metered
from sprat.studies.plan import (
    KIND,
    SIDES,
    ComparePlan,
    Side,
    Turn,
    asking_order,
)
from sprat.studies.resume import Identities, go_on, refuse_change
from sprat.studies.standing import standing
from sprat.studies.watching import watched
from sprat.types import ChatRequest, Run


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened that a progress bar may show."""

    what: Literal["warming", "bare", "asking", "asked"]
    """`bare`: this side cannot give log-probabilities, and is asked without."""
    side: Side
    model: str
    study: str = ""
    """Empty while nothing is recorded yet."""
    done: int = 0
    total: int = 0
    question: str = ""
    score: float | None = None
    error: str | None = None


Progress = Callable[[Event], None]
Engines = Mapping[Side, Engine]


class Asking(NamedTuple):
    """What stays the same from the first question to the last."""

    plan: ComparePlan
    engines: Engines
    meters: Mapping[Side, Meter]
    study: str
    prices: Prices | None
    bare: frozenset[Side] = frozenset()
    """Sides that cannot give the log-probabilities that the plan asks for."""


async def compare(
    plan: ComparePlan,
    engines: Engines,
    store: Store,
    *,
    resume: str | None = None,
    progress: Progress | None = None,
    identities: Identities | None = None,
    environment: dict[str, Any] | None = None,
    prices: Prices | None = None,
) -> str:
    """Ask every question of both sides and return the study's id.

    With `resume`, only what that study has not asked yet; `identities` (`door.identity`) must be
    those it began with. Cancelled or failing, it leaves a study that can be resumed.

    `prices` gives every answer its cost; None: none has one.

    Raises:
        RunError: the study to resume differs from the plan, or one side failed too often in a row.
        EngineError: a model could not be made ready; nothing is recorded then.
    """
    show = progress or _show_nothing
    who = identities or {}
    if resume is not None:
        refuse_change(store.study(resume), plan, who)
    study = resume or new_study_id()
    with store.hold(study):
        sessions = await _warm(engines, show)
        bare = await _without_logprobs(plan, engines, show)
        if resume is None:
            store.add_study(_fresh(study, plan, who, sessions, environment or {}))
        else:
            go_on(store, study, {side: sessions[side] for side in SIDES})
        with standing(store, study):
            async with metered(engines) as meters:
                with watched(store, study, engines.values()):
                    asking = Asking(plan, engines, meters, study, prices, bare)
                    await _ask_all(asking, store, show)
    return study


def _show_nothing(_: Event) -> None:
    pass


async def _warm(engines: Engines, show: Progress) -> dict[Side, Session]:
    """Load one after the other, so that each load time, and what it takes of a GPU, is its own."""
    sessions: dict[Side, Session] = {}
    with opened_gpu() as gpu:
        for side in SIDES:
            show(Event(what="warming", side=side, model=engines[side].name))
            growth = Growth(gpu)
            load = await engines[side].warm()
            sessions[side] = session_of(load, growth.bytes())
    return sessions


async def _without_logprobs(plan: ComparePlan, engines: Engines, show: Progress) -> frozenset[Side]:
    """The sides that refuse to give log-probabilities: said before anything is asked."""
    if plan.logprobs is None:
        return frozenset()
    bare: list[Side] = []
    for side in SIDES:
        if not await gives_logprobs(engines[side], plan.logprobs):
            bare.append(side)
            show(Event(what="bare", side=side, model=engines[side].name))
    return frozenset(bare)


def _fresh(
    study_id: str,
    plan: ComparePlan,
    identities: Identities,
    sessions: Mapping[Side, Session],
    environment: dict[str, Any],
) -> Study:
    return Study(
        id=study_id,
        kind=KIND,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        questions_name=plan.questions_name,
        questions_sha256=plan.questions_sha256,
        questions=plan.questions,
        settings=plan.settings,
        environment=environment,
        models=tuple(
            side_of(side, plan.models[side], identities.get(side, {}), sessions[side])
            for side in SIDES
        ),
    )


async def _ask_all(asking: Asking, store: Store, show: Progress) -> None:
    turns = asking_order(asking.plan.questions, asking.plan.seed)
    answered = store.answered(asking.study)
    streaks = {side: Streak("sprat compare") for side in SIDES}
    done = len(answered)
    for turn in _open_turns(turns, answered):
        show(_event(asking, turn, done, len(turns)))
        run = await _ask_one(asking, turn)
        store.add_run(run)
        done += 1
        show(_event(asking, turn, done, len(turns), run))
        streaks[turn.side].add(run)


def _open_turns(turns: Iterable[Turn], answered: set[tuple[str, str, int]]) -> Iterable[Turn]:
    return (turn for turn in turns if (turn.question.id, turn.side, 0) not in answered)


async def _ask_one(asking: Asking, turn: Turn) -> Run:
    who = Respondent(
        asking.study,
        turn.side,
        asking.plan.models[turn.side],
        asking.engines[turn.side],
        asking.meters[turn.side],
        asking.prices,
    )
    return await answer(who, turn.question, _request(turn, asking), turn.position)


def _request(turn: Turn, asking: Asking) -> ChatRequest:
    return ChatRequest(
        messages=turn.question.messages,
        max_tokens=turn.question.max_tokens,
        response_format=turn.question.response_format,
        temperature=0.0,
        seed=asking.plan.seed,
        logprobs=None if turn.side in asking.bare else asking.plan.logprobs,
    )


def _event(asking: Asking, turn: Turn, done: int, total: int, run: Run | None = None) -> Event:
    return Event(
        what="asked" if run else "asking",
        side=turn.side,
        study=asking.study,
        model=asking.plan.models[turn.side],
        done=done,
        total=total,
        question=turn.question.id,
        score=run.verdicts[0].value if run and run.verdicts else None,
        error=run.error if run else None,
    )
