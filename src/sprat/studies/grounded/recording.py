"""Asks every question of every model with an open gate, and keeps what each made of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sprat.engines.base import Engine, ask
from sprat.errors import RunError, SpratError
from sprat.rag.answer import Finds, GroundedEngine
from sprat.rag.gate import Gate, Rules, SideGate, form_of
from sprat.studies.grounded.answers import right, token_f1
from sprat.studies.grounded.case import CITED, Case
from sprat.studies.grounded.question import GroundedQuestion, digest_of
from sprat.studies.grounded.sheet import Row, append_row, read_rows
from sprat.studies.resume import MAX_STREAK
from sprat.types import ChatRequest, Message, Reply

if TYPE_CHECKING:
    from sprat.rag.tried import Tried
    from sprat.rag.turn import Turn

MAX_TOKENS = 128
PLAIN = "plain "
Told = Callable[[int, int], None]
"""(rows that are there, rows in all)."""


def open_side(side: SideGate) -> SideGate:
    """The same form and room, but nothing is held back: whatever is answered is seen."""
    return msgspec.structs.replace(
        side,
        decide="answer",
        rules=Rules(support=0.0, near=0.0, not_there=1.0),
        logistic=None,
        threshold=0.0,
        silent=None,
    )


def plain_gate(gate: Gate) -> Gate:
    """As anybody asks: passages, the question, and "if they do not say, write so"."""
    small, large = (
        msgspec.structs.replace(one, form="sentence") for one in (gate.small, gate.large)
    )
    return msgspec.structs.replace(gate, small=small, large=large)


def open_gate(gate: Gate) -> Gate:
    """A gate that lets everything through, as it asks."""
    return msgspec.structs.replace(
        gate,
        least_score=0.0,
        least_asked=0.0,
        small=open_side(gate.small),
        large=open_side(gate.large),
    )


async def record(
    sheet: Path,
    questions: Sequence[GroundedQuestion],
    finds: Finds,
    models: Mapping[str, Engine],
    gate: Gate,
    told: Told | None = None,
) -> list[Row]:
    """The rows of all questions; those that have an answer on the sheet are not asked again.

    `models`: by side; `plain …` are asked for the answer alone, whatever form the gate has. One
    model after the other, since they share the machine's memory.

    Raises:
        RunError: asking failed too often in a row: an outage, of which nothing is to be learned.
    """
    known = {(row.asked, row.side): row for row in read_rows(sheet) if row.error is None}
    found: list[Row] = []
    for side, engine in models.items():
        there = {one.id: row for one in questions if (row := known.get((digest_of(one), side)))}
        found += [msgspec.structs.replace(row, question=name) for name, row in there.items()]
        left = [one for one in questions if one.id not in there]
        if left:
            await engine.warm()
        streak = 0
        for question in left:
            row = await _row(question, side, engine, finds, gate)
            append_row(sheet, row)
            found.append(row)
            if told:
                told(len(found), len(models) * len(questions))
            streak = streak + 1 if row.error else 0
            if streak >= MAX_STREAK:
                raise _too_many(row)
    return found


def _too_many(row: Row) -> RunError:
    return RunError(
        f"Asking {row.model} failed {MAX_STREAK} times in a row, the last time with: {row.error}",
        fix="When it works again, type the same again: what was answered is kept.",
    )


async def _row(
    question: GroundedQuestion, side: str, engine: Engine, finds: Finds, gate: Gate
) -> Row:
    blank = Row(
        question=question.id,
        asked=digest_of(question),
        unanswerable=question.unanswerable,
        group=group_of(question),
        side=side,
        model=engine.name,
    )
    asked = plain_gate(gate) if side.startswith(PLAIN) else gate
    return await _gated(blank, question, engine, finds, asked)


def group_of(question: GroundedQuestion) -> str:
    """Questions about the same place are one group."""
    gold = question.gold[0] if question.gold else None
    return f"{gold.file}:{gold.start}" if gold and gold.start is not None else question.id


def _request(question: GroundedQuestion) -> ChatRequest:
    said = (*question.history, Message("user", question.question))
    return ChatRequest(messages=said, max_tokens=MAX_TOKENS)


async def _gated(
    blank: Row, question: GroundedQuestion, engine: Engine, finds: Finds, gate: Gate
) -> Row:
    heard: list[tuple[Turn, Sequence[Tried]]] = []
    large = blank.side.endswith("large")
    grounded = GroundedEngine(
        finds, None if large else engine, engine if large else None, gate=open_gate(gate)
    )
    grounded.hear = lambda turn, tries: heard.append((turn, tries))
    try:
        reply = await ask(grounded, _request(question))
    except SpratError as error:
        return msgspec.structs.replace(blank, error=str(error))
    turn, tries = heard[0]
    steps = [step for step in turn.steps if step.role != "retrieve" and step.timing]
    found = {
        "features": tries[0].weighing.features if tries else turn.features,
        "seconds": sum(step.timing.answer_s for step in steps if step.timing),
        "retrieve_s": turn.steps[0].timing.answer_s if turn.steps[0].timing else 0.0,
        "input_tokens": sum(step.usage.input_tokens for step in steps if step.usage),
        "output_tokens": sum(step.usage.output_tokens for step in steps if step.usage),
    }
    return msgspec.structs.replace(blank, **found, **_graded(question, reply))


def _graded(question: GroundedQuestion, reply: Reply) -> dict[str, object]:
    """How right it would be to give this answer."""
    case = Case(question=question, reply=reply)
    if reply.answered is False:
        return {"gave_up": True}
    score = 0.0 if question.unanswerable else token_f1(case) or 0.0
    good = not question.unanswerable and bool(right(case))
    return {"text": CITED.sub("", reply.text).strip(), "score": score, "right": good}


def forms_of(gate: Gate, models: Mapping[str, Engine]) -> dict[str, str]:
    """How each model is asked: what the rows are rows of."""
    return {
        side: form_of(gate.large if side == "large" else gate.small, engine.name)
        for side, engine in models.items()
        if not side.startswith(PLAIN)
    }
