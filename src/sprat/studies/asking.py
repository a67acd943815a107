"""One question to one model: timed, metered, paid for, scored. What studies of answers share."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sprat.cost import Prices
from sprat.engines.base import Engine, Load, ask
from sprat.errors import RunError, SpratError, UnsupportedRequest
from sprat.measure.clock import now_ns
from sprat.measure.meter import Meter
from sprat.runs.study import Session, StudyModel
from sprat.studies.resume import MAX_STREAK
from sprat.types import ChatRequest, Message, Question, Reply, Run, Verdict

Scoring = Callable[[Question, Reply | None, str | None], Verdict]
"""(question, reply, error) → what it is worth."""


class Respondent(NamedTuple):
    """Who is asked, from the first question to the last."""

    study: str
    role: str
    model: str
    engine: Engine
    meter: Meter
    prices: Prices | None = None
    """None: no answer has a cost."""


def own_verdict(question: Question, reply: Reply | None, error: str | None) -> Verdict:
    """The question's own scorer's; an error scores 0, as nothing better can be said of it.

    Unless nothing is scored: then an error is not, either.
    """
    from sprat.questions.scorers import score

    if reply is not None:
        return score(question, reply.text, reply.finish)
    unscored = score(question, "", None).value is None
    return Verdict(scorer=question.scorer, value=None if unscored else 0.0, why=f"error: {error}")


async def answer(
    who: Respondent,
    question: Question,
    request: ChatRequest,
    position: int,
    verdict: Scoring = own_verdict,
) -> Run:
    """One answer, or its error: either is a result."""
    reply, error = None, None
    with who.meter.window() as window:
        began_ns = now_ns()
        try:
            reply = await ask(who.engine, request)
        except SpratError as failure:
            error = str(failure)
        elapsed_s = (now_ns() - began_ns) / 1e9
    if reply is not None and who.prices is not None:
        joules = window.resources.energy_joules if window.resources else None
        reply = who.prices.priced(who.model, reply, joules)
    return Run(
        study=who.study,
        question=question.id,
        kind=question.kind,
        model=who.model,
        role=who.role,
        request=request,
        reply=reply,
        error=error,
        elapsed_s=elapsed_s,
        verdicts=(verdict(question, reply, error),),
        resources=window.resources,
        position=position,
    )


class Streak:
    """Errors in a row: after `MAX_STREAK` the model is gone, not weak."""

    def __init__(self, command: str) -> None:
        self._command = command
        """How one goes on: `sprat compare`."""
        self._length = 0

    def add(self, run: Run) -> None:
        """Count one answer or error.

        Raises:
            RunError: too many errors in a row.
        """
        self._length = self._length + 1 if run.error else 0
        if self._length >= MAX_STREAK:
            raise RunError(
                f"{run.model} failed {MAX_STREAK} times in a row, the last time with: {run.error}",
                fix=f"When it works again: {self._command} --resume {run.study}",
            )


async def gives_logprobs(engine: Engine, count: int) -> bool:
    """Whether it takes the parameter; any other failure is the study's to meet."""
    hello = Message(role="user", content="Hello")
    try:
        await ask(engine, ChatRequest(messages=(hello,), max_tokens=1, logprobs=count))
    except UnsupportedRequest:
        return False
    except SpratError:
        return True
    return True


def session_of(load: Load, gpu_grown_bytes: int | None = None) -> Session:
    """What a study keeps of a load."""
    return Session(
        cold_load_s=load.load_s,
        warm_up_s=load.warm_up_s,
        provider=load.provider,
        gpu_grown_bytes=gpu_grown_bytes,
        nodes=load.nodes,
    )


def side_of(role: str, name: str, identity: Mapping[str, Any], *sessions: Session) -> StudyModel:
    """A side as a study records it."""
    return StudyModel(role=role, name=name, identity=dict(identity), sessions=sessions)
