"""Opinions asked of a judge one by one, each kept at once: what every judging study shares."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from sprat.engines.base import Engine, ask
from sprat.errors import EngineRefused, RunError, SpratError, UnsupportedRequest
from sprat.measure.clock import now_ns
from sprat.runs.store import Store
from sprat.runs.study import JUDGE
from sprat.studies.resume import MAX_STREAK, outage
from sprat.types import ChatRequest, Message, Reply, ResponseFormat, Run, Verdict

Told = Callable[[int, int, str | None], None]
"""(done, total, error) after each opinion."""
NO_SUCH = (400, 404, 422, 501)
"""What servers answer to a parameter that they do not take."""


class Turn(NamedTuple):
    """One question to the judge, and how its answer is read."""

    question: str
    kind: str
    repeat: int
    """Its place among the opinions of one answer: the store's word for it."""
    request: ChatRequest
    read: Callable[[Reply | None], Verdict]
    """Of None (an error) too: then it is unscored."""


async def ask_opinions(
    turns: Sequence[Turn], judge: Engine, store: Store, study: str, told: Told, *, command: str
) -> None:
    """Ask for every opinion that is not there yet, in this order, and keep each at once.

    `command` goes on with the study, but for `--resume ID`.

    Raises:
        RunError: the judge failed too often in a row.
    """
    if (first := outage(store, study, JUDGE)) is not None:
        store.withdraw_errors(study, JUDGE, first)
    known = store.answered(study)
    done = sum((turn.question, JUDGE, turn.repeat) in known for turn in turns)
    position, streak = len(known), 0
    for turn in turns:
        if (turn.question, JUDGE, turn.repeat) in known:
            continue
        run = await _opinion(turn, judge, study, position)
        store.add_run(run)
        done, position = done + 1, position + 1
        told(done, len(turns), run.error)
        streak = streak + 1 if run.error else 0
        if streak >= MAX_STREAK:
            raise _gone(run, command)


async def _opinion(turn: Turn, judge: Engine, study: str, position: int) -> Run:
    """One opinion, or its error: either is a result."""
    began_ns = now_ns()
    reply, error = None, None
    try:
        reply = await _answer(judge, turn.request)
    except SpratError as failure:
        error = str(failure)
    return Run(
        study=study,
        question=turn.question,
        kind=turn.kind,
        model=judge.name,
        role=JUDGE,
        request=turn.request,
        reply=reply,
        error=error,
        elapsed_s=(now_ns() - began_ns) / 1e9,
        verdicts=(turn.read(reply),),
        repeat=turn.repeat,
        position=position,
    )


async def _answer(judge: Engine, request: ChatRequest) -> Reply:
    """By force where the engine can, else as it was asked for in words."""
    try:
        return await ask(judge, request)
    except UnsupportedRequest:
        if request.response_format is None:
            raise
        return await ask(judge, msgspec.structs.replace(request, response_format=None))


class Manner(msgspec.Struct, frozen=True):
    """What a judge's engine can do, found out once before anything is asked."""

    forced: bool = True
    """It can be held to a regular expression."""
    logprobs: bool = True
    """It tells how likely its tokens were."""


async def manner_of(judge: Engine, pattern: str, logprobs: int) -> Manner:
    """Try a short prompt: with both, with one of them; neither where nothing else is taken."""
    for manner in (Manner(), Manner(forced=False), Manner(logprobs=False)):
        if await _takes(judge, manner, pattern, logprobs):
            return manner
    return Manner(forced=False, logprobs=False)


async def _takes(judge: Engine, manner: Manner, pattern: str, logprobs: int) -> bool:
    """Whether it takes these parameters; any other failure is the study's to meet."""
    request = shaped(
        ChatRequest(messages=(Message(role="user", content="Reply with 3."),), max_tokens=1),
        manner,
        pattern,
        logprobs,
    )
    try:
        reply = await ask(judge, request)
    except UnsupportedRequest:
        return False
    except EngineRefused as refused:
        return refused.status not in NO_SUCH
    except SpratError:
        return True
    return bool(reply.logprobs) or not manner.logprobs


def shaped(request: ChatRequest, manner: Manner, pattern: str, logprobs: int) -> ChatRequest:
    """The request with what the engine can be asked for."""
    form = ResponseFormat(kind="regex", pattern=pattern) if manner.forced else None
    return msgspec.structs.replace(
        request, response_format=form, logprobs=logprobs if manner.logprobs else None
    )


def _gone(run: Run, command: str) -> RunError:
    return RunError(
        f"The judge failed {MAX_STREAK} times in a row, the last time with: {run.error}",
        fix=f"When it works again: {command} --resume {run.study}",
    )
