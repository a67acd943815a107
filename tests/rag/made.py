"""Documents, retrievers and models for tests of answers."""

from collections.abc import Sequence
from typing import Any

import msgspec
from tests.policies.made import Counting

from sprat.engines.base import Engine
from sprat.engines.script import Script
from sprat.rag.answer import GroundedEngine
from sprat.rag.document import Found, Passage, Retrieved
from sprat.rag.gate import Gate, SideGate
from sprat.rag.terms import terms
from sprat.types import ChatRequest, Delta, Message, Reply

NORMANS = "The Normans gave their name to Normandy, a region in France. They came from Norway."
SEINE = "The Seine flows through Paris. It is 777 kilometres long and rises near Dijon."
OFFSET = 100
"""Where each passage begins in its document, so that offsets are not by chance right."""


class Few:
    """Finds among a few texts by shared content words; the score is their share."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.asked: list[str] = []

    async def find(self, query: str, most: int = 6) -> Retrieved:
        self.asked.append(query)
        wanted = set(terms(query))
        found = [
            Found(passage=passage(text, place), score=score, lexical=9 * score)
            for place, text in enumerate(self.texts)
            if (score := len(wanted & set(terms(text))) / max(1, len(wanted)))
        ]
        best = sorted(found, key=lambda one: -one.score)[:most]
        return Retrieved(query=query, found=tuple(best), lexical_s=0.001)


def passage(text: str, place: int = 0) -> Passage:
    return Passage(
        file=f"/docs/{place}.md", start=OFFSET, end=OFFSET + len(text), text=text, heading="Europe"
    )


def model(name: str, *rules: dict[str, Any]) -> Counting:
    return Counting(name, msgspec.convert({"rule": list(rules)}, Script))


def says(text: str, **fields: Any) -> dict[str, Any]:
    """A rule: this whole text, streamed word by word."""
    return {"text": text, **fields}


def reads(chance: float, text: str, **fields: Any) -> dict[str, Any]:
    """A rule of a model that can read what it might answer: "not in the documents", so probable."""
    import math

    return {"text": text, "read": [math.log(chance), 0.0, 0.0, 0.0], **fields}


def grounded(
    small: Engine | None,
    large: Engine | None = None,
    texts: Sequence[str] = (NORMANS, SEINE),
    **fields: Any,
) -> GroundedEngine:
    return GroundedEngine(Few(*texts), small, large, **fields)


def sentence_gate(**fields: Any) -> Gate:
    """Both models answer without quoting."""
    return Gate(small=SideGate(form="sentence", **fields), large=SideGate(form="sentence"))


def question(text: str, *before: str, **fields: Any) -> ChatRequest:
    """`before`: earlier turns, the user's first."""
    roles = ("user", "assistant")
    earlier = tuple(Message(roles[place % 2], said) for place, said in enumerate(before))
    return ChatRequest(messages=(*earlier, Message("user", text)), **fields)


async def played(engine: Engine, asked: ChatRequest) -> tuple[list[str], Reply]:
    got = [piece async for piece in engine.stream(asked)]
    reply = got.pop()
    assert isinstance(reply, Reply)
    texts = [piece.text for piece in got if isinstance(piece, Delta)]
    assert "".join(texts) == reply.text
    return texts, reply
