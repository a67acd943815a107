"""Answers from documents, as an engine like any other: found, asked, checked, or honestly not said.

The way of a question, and why: docs/rag.md, docs/decisions/grounded-answers.md.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from copy import copy
from typing import TYPE_CHECKING, Protocol, Self

from sprat.engines.base import Engine, Load
from sprat.engines.stamps import Stamps
from sprat.errors import UnsupportedRequest
from sprat.rag.document import Retrieved
from sprat.rag.gate import Gate, SideGate, Which
from sprat.rag.judge import far_off
from sprat.rag.outcome import reply_of
from sprat.rag.side import Side
from sprat.rag.tried import Tried
from sprat.rag.turn import Turn, Watch
from sprat.types import ChatRequest, Delta, Reply, Step

if TYPE_CHECKING:
    from sprat.policies.attempt import Price

NOT_SAID = "The documents do not say."


class Finds(Protocol):
    """What finds passages: `rag.retrieve.Retriever`, or several of them as one."""

    async def find(self, query: str, most: int = 6) -> Retrieved:
        """At most so many passages, best first."""
        ...


class GroundedEngine:
    """Answers from what a retriever finds; serves any number of requests at once.

    A reply has `answered`, `sources` (the cited ones first), and every attempt in `steps`, the
    retrieval as the first of them.
    """

    def __init__(
        self,
        retriever: Finds,
        small: Engine | None,
        large: Engine | None,
        *,
        gate: Gate | None = None,
        passages: int = 6,
        name: str = "documents",
        watch: Watch | None = None,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`gate` None: rules; `close`: what `aclose` does, engines and retriever being lent."""
        self.name = name
        self.gate = gate or Gate()
        self.passages = passages
        self._retriever = retriever
        both: tuple[tuple[Which, Engine | None, SideGate], ...] = (
            ("small", small, self.gate.small),
            ("large", large, self.gate.large),
        )
        self._sides = [
            Side(which, engine, side)
            for which, engine, side in both
            if engine is not None and (side.threshold is not None or side.silent is not None)
        ]
        self._watch: Watch = watch or (lambda _: None)
        self._close = close
        self.price: Price | None = None
        """What an answer costs; None: not known."""
        self.hear: Callable[[Turn, Sequence[Tried]], None] = lambda _, __: None
        """Told of everything that was tried for a question, when its reply is there."""

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes of the models."""
        return tuple(pid for side in self._sides for pid in side.engine.pids)

    def watched_by(self, watch: Watch) -> Self:
        """The same engine; `watch` is told of the steps of what is asked of this one."""
        same = copy(self)
        same._watch = watch  # noqa: SLF001 (its own)
        return same

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield the pieces of the answer once it may be given, then one `Reply`.

        Raises:
            UnsupportedRequest: a parameter that an answer from documents cannot honour.
            DocumentError: the documents cannot be searched.
            EngineError: the last model that could be asked gave no answer, or broke off.
        """
        _refuse(request, self.name)
        turn, stamps = Turn(request, self.price, self._watch), Stamps(request)
        stamps.sent()
        await self._retrieve(turn)
        tries: list[Tried] = []
        async with aclosing(self._texts(turn, tries)) as texts:
            async for text in texts:
                stamps.piece(piece := Delta(text))
                yield piece
        if not any(one.given for one in tries):
            stamps.piece(piece := Delta(NOT_SAID))
            yield piece
        self.hear(turn, tries)
        yield reply_of(self.name, turn, tries, stamps, NOT_SAID)

    async def _retrieve(self, turn: Turn) -> None:
        turn.began("retrieve", self.name)
        stamps = Stamps(turn.request)
        stamps.sent()
        turn.retrieved = await self._retriever.find(turn.query, self.passages)
        turn.ended(_retrieval(self.name, turn.retrieved, stamps))

    async def _texts(self, turn: Turn, tries: list[Tried]) -> AsyncGenerator[str]:
        """The small model, then the large one, until an answer may be given."""
        if why := far_off(turn.retrieved, self.gate):
            turn.ended(Step(role="gate", engine=self.name, why=why))
            return
        for side in self._sides:
            role = "draft" if side is not self._sides[-1] else "answer"
            tries.append(tried := Tried(side, turn, role))
            async with aclosing(tried.run()) as texts:
                async for text in texts:
                    if text:
                        yield text
            if tried.error is not None and (tried.given or side is self._sides[-1]):
                raise tried.error
            if tried.given or tried.ends_it:
                return

    async def warm(self) -> Load:
        """Load what answers, and what finds: one after the other, they share the machine."""
        await self._retriever.find("warm up", 1)
        loads = [await side.engine.warm() for side in self._sides]
        return Load(
            load_s=_sum([load.load_s for load in loads]),
            warm_up_s=_sum([load.warm_up_s for load in loads]),
        )

    async def aclose(self) -> None:
        """Close what was given over with `close`. Safe to call twice."""
        close, self._close = self._close, None
        if close is not None:
            await close()


def _retrieval(name: str, retrieved: Retrieved, stamps: Stamps) -> Step:
    count = len(retrieved.found)
    best = f", the best one {retrieved.found[0].score:.2f}" if count else ""
    why = f"{count} passage{'' if count == 1 else 's'}{best}"
    return Step(role="retrieve", engine=name, why=why, timing=stamps.done())


def _refuse(request: ChatRequest, name: str) -> None:
    """What an answer that is checked before it is given cannot have."""
    ours = ("prompt", "tools", "response_format", "logprobs", "prediction", "logit_bias")
    fields = (*ours, "stop")  # it would end the quoted line, which the caller never sees
    for field in fields:
        value = getattr(request, field)
        if value is not None and value not in ((), {}):
            raise UnsupportedRequest(
                f"The request cannot be honoured: {field} is given, and {name} answers from "
                "documents in a form of its own.",
                param=field,
                fix="Leave it out, or ask a model by its own name.",
            )


def _sum(seconds: Sequence[float | None]) -> float | None:
    known = [one for one in seconds if one is not None]
    return sum(known) if known else None
