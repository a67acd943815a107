"""What a policy asks that no comparison recorded: asked of the models themselves, once."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import msgspec

from sprat.engines.base import Engine, Load, ask
from sprat.errors import EngineRefused, PolicyError, UnsupportedRequest
from sprat.policies.outcome import request_of
from sprat.policies.recorded import RecordedClock, RecordedEngine
from sprat.settings import Settings
from sprat.types import ChatRequest, Delta, Prediction, Question, Reply


class Pair(NamedTuple):
    """Both models."""

    small: Engine
    large: Engine


class Noting:
    """Answers from the record, and notes what is not in it."""

    pids: tuple[int, ...] = ()

    def __init__(self, recorded: RecordedEngine, missing: list[str]) -> None:
        self.name = recorded.name
        self._recorded, self._missing = recorded, missing

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield what was recorded.

        Raises:
            EngineRefused: nothing like it was.
        """
        try:
            async for piece in self._recorded.stream(request):
                yield piece
        except EngineRefused as error:
            self._missing.append(error.message)
            raise

    async def warm(self) -> Load:
        """Nothing to load."""
        return await self._recorded.warm()

    async def aclose(self) -> None:
        """Nothing to free."""


class Remembering:
    """Answers from the record; what is not in it is asked of the model, and then remembered."""

    pids: tuple[int, ...] = ()

    def __init__(
        self,
        recorded: RecordedEngine,
        live: Engine,
        clock: RecordedClock,
        known: dict[bytes, Reply],
    ) -> None:
        self.name = recorded.name
        self._recorded, self._live = recorded, live
        self._clock, self._known = clock, known

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield what was recorded, or what the model says now."""
        try:
            async for piece in self._recorded.stream(request):
                yield piece
        except EngineRefused:
            reply = await self._asked(request)
        else:
            return
        if reply.text:
            yield Delta(text=reply.text, logprobs=reply.logprobs or ())
        self._clock.reach(self._clock() + round(reply.timing.answer_s * 1e9))
        yield reply

    async def _asked(self, request: ChatRequest) -> Reply:
        key = self.name.encode() + msgspec.json.encode(request)
        if key not in self._known:
            self._known[key] = await ask(self._live, request)
        return self._known[key]

    async def warm(self) -> Load:
        """Load the model."""
        return await self._live.warm()

    async def aclose(self) -> None:
        """Whoever opened the model closes it."""


async def refuse_unreading(large: str, question: Question, settings: Settings) -> None:
    """Have the model read one draft, since a verify policy is made of that.

    Raises:
        PolicyError: it cannot.
        SpratError: it cannot be opened.
    """
    from sprat.door import open_engine

    reading = Prediction(text="Yes.", read_only=True)
    asked = msgspec.structs.replace(request_of(question), prediction=reading)
    engine = open_engine(large, settings)
    try:
        await ask(engine, asked)
    except UnsupportedRequest as error:
        raise PolicyError(
            f"{large} cannot read drafts, which a verify policy is made of: {error.message}",
            fix="Name a large model that runs on this machine, or leave --kind verify out.",
        ) from error
    finally:
        await engine.aclose()


@asynccontextmanager
async def opened_pair(small: str, large: str, settings: Settings) -> AsyncGenerator[Pair]:
    """Both models, loaded."""
    from sprat.door import open_engine

    async with AsyncExitStack() as closing:
        engines: list[Engine] = []
        for name in (small, large):
            engines.append(open_engine(name, settings))
            closing.push_async_callback(engines[-1].aclose)
            await engines[-1].warm()
        yield Pair(*engines)
