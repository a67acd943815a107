"""Engines that write down what reaches them; put into a gateway's pools by a test."""

import array
from collections.abc import AsyncIterator, Sequence

import msgspec
from tests.serve.running import At

from sprat.engines.base import Load, TextKind
from sprat.engines.stamps import Stamps
from sprat.types import ChatRequest, Delta, Embedded, Reply, Usage


class Recorder:
    """Answers `ok`, and keeps the requests."""

    name = "recorder"
    pids: tuple[int, ...] = ()

    def __init__(self) -> None:
        self.requests: list[ChatRequest] = []

    @property
    def last(self) -> ChatRequest:
        """What came last, without what only a clock knows."""
        return msgspec.structs.replace(self.requests[-1], scheduled_ns=None)

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        self.requests.append(request)
        stamps = Stamps(request)
        stamps.sent()
        piece = Delta(text="ok", tokens=1)
        stamps.piece(piece)
        yield piece
        yield Reply(text="ok", finish="stop", usage=Usage(1, 1), timing=stamps.done())

    async def warm(self) -> Load:
        return Load(load_s=0.0)

    async def aclose(self) -> None:
        pass


class Embeds(Recorder):
    """Gives each text the vector (its length, 0.1, -1), and keeps the texts."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.dimensions: int | None = None

    async def embed(
        self, texts: Sequence[str], *, dimensions: int | None = None, kind: TextKind = "passage"
    ) -> Embedded:
        self.texts, self.dimensions = list(texts), dimensions
        stamps = Stamps(ChatRequest(messages=()))
        stamps.sent()
        return Embedded(
            vectors=tuple(array.array("f", [len(text), 0.1, -1]).tobytes() for text in texts),
            dimensions=3,
            usage=Usage(sum(map(len, texts)), 0),
            timing=stamps.done(),
        )


def record(at: At, model: str = "echo") -> Recorder:
    """A recorder in the place of `model`."""
    made = Recorder()
    at.gateway.answering.slot(at.gateway.names.find(model)).engine = made
    return made


def embeds(at: At, model: str = "all-minilm-l6-v2") -> Embeds:
    """A fake embedder in the place of `model`."""
    made = Embeds()
    at.gateway.embedding.slot(at.gateway.names.find(model)).engine = made
    return made
