"""Cases made by hand."""

from sprat.studies.grounded.case import Case
from sprat.studies.grounded.question import Gold, GroundedQuestion
from sprat.types import Reply, Source, Step, Timing, Usage

SECOND = 1_000_000_000


def source(text: str, *, file="a.md", start=0, score=0.5, number=None, quote=None) -> Source:
    return Source(
        file=file, start=start, end=start + len(text), text=text, score=score, number=number,
        quote=quote,
    )  # fmt: skip


def reply(
    text: str, *, answered=True, sources=(), confidence=None, seconds=1.0, path=None
) -> Reply:
    steps = () if confidence is None else (
        Step(role="answer", engine="tiny", kept=True, confidence=confidence),
    )  # fmt: skip
    timing = Timing(scheduled_ns=0, sent_ns=0, done_ns=int(seconds * SECOND))
    return Reply(
        text=text, finish="stop", usage=Usage(10, 5), timing=timing, answered=answered,
        sources=tuple(sources), steps=steps, path=path,
    )  # fmt: skip


def question(name="q1", *, answers=("25 days",), unanswerable=False, gold=(), **more):
    return GroundedQuestion(
        id=name,
        question=more.pop("question", "How many days?"),
        answers=() if unanswerable else tuple(answers),
        unanswerable=unanswerable,
        gold=tuple(gold),
        **more,
    )


def case(text="25 days", *, error=None, asked=None, seconds=1.0, **of_reply) -> Case:
    return Case(
        question=asked or question(),
        reply=None if error else reply(text, seconds=seconds, **of_reply),
        error=error,
        seconds=seconds,
    )


__all__ = ["Case", "Gold", "case", "question", "reply", "source"]
