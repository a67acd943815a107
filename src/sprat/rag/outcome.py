"""What becomes of a question: the reply, with its sources and every attempt."""

from collections.abc import Sequence

from sprat.engines.stamps import Stamps
from sprat.rag.document import Found
from sprat.rag.tried import Tried
from sprat.rag.turn import Turn
from sprat.types import Path, Reply, Source, Usage


def reply_of(name: str, turn: Turn, tries: Sequence[Tried], stamps: Stamps, not_said: str) -> Reply:
    """The reply of the try that was given, or the honest one that the documents do not say."""
    given = next((one for one in tries if one.given), None)
    kept = given.attempt.reply if given is not None and given.attempt is not None else None
    loads = [step.timing.loaded_ns for step in turn.steps if step.timing and step.timing.loaded_ns]
    if loads:
        stamps.loaded(max(loads))
    costs = [step.cost_usd for step in turn.steps if step.usage is not None]
    known = [cost for cost in costs if cost is not None]
    return Reply(
        text=not_said if given is None else given.spoken.text,
        finish="stop" if kept is None else kept.finish,
        usage=_paid(turn) if kept is None else kept.usage,
        timing=stamps.done(),
        model=name,
        steps=tuple(turn.steps),
        cost_usd=sum(known) if len(known) == len(costs) else None,
        answered=given is not None,
        sources=_sources(turn.retrieved.found, given),
        path=_path(tries, given),
    )


def _paid(turn: Turn) -> Usage:
    """All that was asked in vain."""
    spent = [step.usage for step in turn.steps if step.usage is not None]
    return Usage(
        input_tokens=sum(one.input_tokens for one in spent),
        output_tokens=sum(one.output_tokens for one in spent),
        cached_tokens=sum(one.cached_tokens for one in spent),
    )


def _path(tries: Sequence[Tried], given: Tried | None) -> Path:
    if len(tries) < 2:
        small_first = given is not None and given.role == "draft"
        return "accepted" if small_first else "direct"
    return "escalated"


def _sources(found: Sequence[Found], given: Tried | None) -> tuple[Source, ...]:
    """The cited passages in the order of their citation, then the others, best first."""
    if given is None:
        return tuple(_source(one) for one in found)
    by_number = {one.number: one.found for one in given.passages}
    cited = [_source(by_number[n], n, given) for n in given.spoken.cited]
    rest = [one for one in found if not any(one is by_number[n] for n in given.spoken.cited)]
    return (*cited, *(_source(one) for one in rest))


def _source(found: Found, number: int | None = None, given: Tried | None = None) -> Source:
    passage, quote = found.passage, None
    if given is not None and given.weighing.number == number and given.weighing.located:
        quote = (given.weighing.located.start, given.weighing.located.end)
    return Source(
        file=passage.file,
        start=passage.start,
        end=passage.end,
        text=passage.text,
        score=found.score,
        page=passage.page,
        heading=passage.heading,
        number=number,
        quote=quote,
    )
