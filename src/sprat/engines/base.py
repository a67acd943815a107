"""The one protocol: everything that answers is an `Engine`."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

import msgspec

from sprat.errors import EngineError, UnsupportedRequest
from sprat.types import ChatRequest, Delta, Embedded, Reply

TextKind = Literal["query", "passage"]
"""What is looked for, or what it is looked for in: some models embed the two differently."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What making an engine ready took."""

    load_s: float | None
    """Seconds from "start the worker" to "ready"; None where nothing is loaded (an endpoint)."""
    warm_up_s: float | None = None
    """Seconds of the warm-up that followed."""
    provider: str | None = None
    """The execution provider that computes, where known."""
    device: str | None = None
    """What it computes on, where the runtime says it."""
    nodes: dict[str, int] | None = None
    """How many of the graph's operators each provider computes; None where it cannot be told."""


class Engine(Protocol):
    """Something that answers.

    An engine is an async context manager in all but name: open it through
    `sprat.door.open_engine`, and close it with `aclose`.
    """

    @property
    def name(self) -> str:
        """The model name that the user typed."""
        ...

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that compute for this engine and can be measured; empty when remote."""
        ...

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield pieces as they come, then exactly one `Reply`, then end.

        Closing the iterator early cancels the work and frees its place.

        Raises:
            UnsupportedRequest: a parameter that this engine cannot honour.
            EngineError: no answer; raised at any point before the `Reply`.
        """
        ...

    async def warm(self) -> Load:
        """Load the model if need be and run a short prompt through it."""
        ...

    async def aclose(self) -> None:
        """Stop what runs and free everything. Safe to call twice."""
        ...


class Embedder(Protocol):
    """Something that turns texts into vectors. Opened by `open_embedder`, closed by `aclose`."""

    @property
    def name(self) -> str:
        """The model name that the user typed."""
        ...

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that compute for it and can be measured; empty when remote."""
        ...

    async def embed(
        self, texts: Sequence[str], *, dimensions: int | None = None, kind: TextKind = "passage"
    ) -> Embedded:
        """One vector per text. Cancelling the call frees its place.

        `kind` makes no difference to models that were not taught one: MiniLM, say.

        Raises:
            UnsupportedRequest: it has no vectors of so many dimensions.
            ContextTooLong: a text is longer than the model reads.
            EngineError: no answer.
        """
        ...

    async def warm(self) -> Load:
        """Load the model if need be."""
        ...

    async def aclose(self) -> None:
        """Stop what runs and free everything. Safe to call twice."""
        ...


def check_texts(texts: Sequence[str]) -> None:
    """Refuse to embed nothing.

    Raises:
        UnsupportedRequest: there is no text.
    """
    if not texts:
        raise UnsupportedRequest(
            "There is no text to embed.", param="input", fix="Give at least one."
        )


async def ask(engine: Engine, request: ChatRequest) -> Reply:
    """Drain `engine.stream(request)` and return its reply.

    Raises:
        EngineError: the stream ended without a reply, or raised one itself.
    """
    async for piece in engine.stream(request):
        if isinstance(piece, Reply):
            return piece
    raise EngineError(f"{engine.name} ended its stream without a reply.")
