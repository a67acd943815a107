"""The policy itself, asked every recorded question again: what is evaluated is what is served."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from sprat.engines.base import Engine, ask
from sprat.errors import SpratError
from sprat.policies.attempt import Price
from sprat.policies.engine import PolicyEngine
from sprat.policies.outcome import OutcomeLog, request_of
from sprat.policies.recorded import RecordedClock, RecordedEngine
from sprat.policies.spec import Policy
from sprat.studies.hybrid.beside import Noting, Pair, Remembering
from sprat.types import Question, Reply, Step


class Stage(NamedTuple):
    """Both models as recorded, on one clock that goes only while one of them answers."""

    small: Engine
    large: Engine
    clock: RecordedClock
    missing: list[str]
    """What was asked and is not in the log, one line each."""
    price: Price | None = None
    """What an answer costs; None: what was recorded with it."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """One question as the policy answered it, in the seconds that were recorded."""

    question: str
    path: str
    """`failed`: there was no answer."""
    text: str = ""
    seconds: float = 0.0
    """Of all attempts."""
    first_token_s: float | None = None
    """Until the first token of the answer that was kept reached the caller."""
    cost_usd: float | None = None
    confidence: float | None = None
    """None: nothing was judged, a rule decided beforehand."""
    calibrated: bool = False
    wasted: bool = False
    """Whether a draft was paid for and thrown away."""
    finish: str | None = None
    error: str | None = None
    missing: str = ""
    """What the log lacks of it, so that this is not what the policy would have done."""


def stage(
    log: OutcomeLog,
    names: tuple[str, str],
    questions: Sequence[Question],
    live: Pair | None = None,
    price: Price | None = None,
) -> Stage:
    """The two models of a log; with live ones, those answer what the log does not hold.

    Raises:
        RunError: the log does not hold these models.
    """
    clock, missing = RecordedClock(), list[str]()
    small, large = (RecordedEngine(log, name, questions, clock) for name in names)
    if live is None:
        return Stage(Noting(small, missing), Noting(large, missing), clock, missing, price)
    known = dict[bytes, Reply]()
    return Stage(
        Remembering(small, live.small, clock, known),
        Remembering(large, live.large, clock, known),
        clock,
        missing,
        price,
    )


async def replay(policy: Policy, on: Stage, questions: Iterable[Question]) -> list[Replayed]:
    """Ask the policy each question, one after the other; an error is a result like any other.

    Each question meets it fresh: which one came before has no part in the answer.
    """
    return [await _replayed(policy, on, question) for question in questions]


async def _replayed(policy: Policy, on: Stage, question: Question) -> Replayed:
    began_ns = on.clock()
    on.missing.clear()
    engine = engine_of(policy, on)
    try:
        reply = await ask(engine, request_of(question))
        await engine.aclose()
    except SpratError as failure:
        seconds = (on.clock() - began_ns) / 1e9
        return Replayed(
            question=question.id,
            path="failed",
            seconds=seconds,
            error=str(failure),
            missing=lacking(on),
        )
    return msgspec.structs.replace(read_reply(question.id, reply), missing=lacking(on))


def lacking(on: Stage) -> str:
    """The first thing that the log was asked for in vain; empty: it had everything."""
    return on.missing[0] if on.missing else ""


def engine_of(policy: Policy, on: Stage) -> PolicyEngine:
    """The engine that serves this policy, over recorded answers."""
    return PolicyEngine(
        policy,
        on.small,
        on.large,
        name=policy.name,
        price=on.price,
        clock=on.clock,
        owns=False,
    )


def read_reply(question: str, reply: Reply) -> Replayed:
    """What a policy's reply tells."""
    judged = [step for step in reply.steps if step.confidence is not None]
    return Replayed(
        question=question,
        path=reply.path or "direct",
        text=reply.text,
        seconds=sum(_seconds(step) for step in reply.steps),
        first_token_s=reply.timing.ttft_s,
        cost_usd=reply.cost_usd,
        confidence=judged[-1].confidence if judged else None,
        calibrated=bool(judged) and judged[-1].calibrated,
        wasted=any(step.role == "draft" and not step.kept for step in reply.steps),
        finish=reply.finish,
    )


def _seconds(step: Step) -> float:
    return step.timing.answer_s if step.timing else 0.0
