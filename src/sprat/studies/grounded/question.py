"""A question to documents: what is right, where it stands, and how it is kept with a study."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from sprat.types import Message, Question

SCORER = "grounded"
"""What a study's question names in place of a scorer: these are judged by this room's metrics."""


class Gold(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One place that holds what the answer needs: by its file and offsets, or by its words."""

    file: str | None = None
    """As indexed, or the end of that path (`handbook/leave.md`)."""
    start: int | None = None
    """In characters of the document's text; None with a file: anywhere in it."""
    end: int | None = None
    text: str | None = None
    """Words that the passage must share: `ranks.holds`."""
    around: str | None = None
    """Of a place by offsets, the paragraph as it was indexed when it was asked about."""


class GroundedQuestion(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One question, its accepted answers or none, and where they stand."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    """Any of them is right. Empty and not unanswerable: only what is found can be measured."""
    unanswerable: bool = False
    """The documents do not say it."""
    gold: tuple[Gold, ...] = ()
    """Each is needed; empty: not known where."""
    history: tuple[Message, ...] = ()
    """The conversation before it."""
    reviewed: bool = True
    """False: drafted by a model, and no person has looked at it."""
    language: str = "en"

    @property
    def kind(self) -> str:
        """`answerable`, `unanswerable`, or `open` where neither is known."""
        if self.unanswerable:
            return "unanswerable"
        return "answerable" if self.answers else "open"


class GroundedSet(msgspec.Struct, frozen=True):
    """Questions of one file."""

    name: str
    questions: tuple[GroundedQuestion, ...]
    documents: "tuple[Paper, ...]" = ()
    """What the file brings along to be asked about; empty: the user's own store is asked."""


class Paper(msgspec.Struct, frozen=True):
    """A document that came with its questions."""

    file: str
    title: str
    text: str


def as_question(one: GroundedQuestion, max_tokens: int) -> Question:
    """As the store of runs keeps it: what is asked in `messages`, all else in `expected`."""
    kept: dict[str, Any] = msgspec.to_builtins(one)
    for name in ("id", "question", "history", "language"):
        kept.pop(name, None)
    return Question(
        id=one.id,
        kind=one.kind,
        messages=(*one.history, Message(role="user", content=one.question)),
        scorer=SCORER,
        expected=kept,
        max_tokens=max_tokens,
        language=one.language,
    )


def from_question(kept: Question) -> GroundedQuestion:
    """The inverse of `as_question`."""
    *before, last = kept.messages
    fields: dict[str, Any] = {
        **(kept.expected or {}),
        "id": kept.id,
        "question": last.content,
        "history": [msgspec.to_builtins(message) for message in before],
        "language": kept.language,
    }
    return msgspec.convert(fields, GroundedQuestion)


def digest_of(one: GroundedQuestion) -> str:
    """What is asked and what is right, as a hash: ids are the same in every file without any."""
    told = msgspec.structs.replace(one, id="", reviewed=True)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


def unreviewed(questions: Iterable[GroundedQuestion]) -> int:
    """How many of them nobody has looked at."""
    return sum(not one.reviewed for one in questions)
