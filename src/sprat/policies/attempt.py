"""One attempt: a model is asked, and whatever comes of it is kept and priced."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from sprat.engines.base import Engine
from sprat.engines.line import told
from sprat.engines.stamps import Stamps
from sprat.errors import EngineError, EngineRefused, EngineTimeout, EngineWaiting, SpratError
from sprat.measure.clock import Clock
from sprat.policies.breaker import Breaker
from sprat.policies.recorded import RecordedClock
from sprat.policies.spec import Which
from sprat.types import ChatRequest, Delta, Reply, Step, Timing, Usage

Price = Callable[[str, Usage, Timing], float | None]
"""Engine's name, tokens, times → US dollars; None: not known."""

_CHARS_PER_TOKEN = 4
"""For estimates only. Source: https://help.openai.com/en/articles/4936856"""


class Half:
    """One of a policy's two engines, and how it fares."""

    def __init__(self, which: Which, engine: Engine, breaker: Breaker) -> None:
        self.which: Which = which
        self.engine = engine
        self.breaker = breaker
        self.mute = False
        """It refused to tell log-probabilities, and is not asked for them again."""


class Attempt:
    """Asks one half once. After `run` has ended, exactly one of `reply` and `error` is set."""

    def __init__(self, half: Half, request: ChatRequest, role: str, why: str, clock: Clock) -> None:
        self.half = half
        self.request = request
        self.role = role
        self.why = why
        self.pieces: list[Delta] = []
        self.reply: Reply | None = None
        self.error: SpratError | None = None
        self.asked = False
        """False: the model is left alone, and was not asked."""
        self.kept = False
        self.confidence: float | None = None
        self.calibrated = False
        self.within_s: float | None = None
        """Waiting may take as long, and then the whole answer; None: whenever."""
        self.timing: Timing | None = None
        self._clock = clock
        self._stamps = Stamps(request, clock)
        self._waiting = False
        self._began_s = 0.0
        """When the model began with it, by the loop's clock; before that, when it was asked."""
        self._limit: asyncio.Timeout | None = None

    @property
    def cut(self) -> bool:
        """Whether it was given up before it was at its end."""
        return self.asked and self.reply is None and self.error is None

    @property
    def engine(self) -> str:
        """The name of the model."""
        return self.half.engine.name

    async def run(self) -> AsyncGenerator[Delta]:
        """Yield the pieces as they come. Closing it cancels the work at once."""
        if self.error is not None:  # it must not be asked
            return
        if alone := self.half.breaker.take(self):
            self.error = _left_alone(self.half, alone)
            return
        self.asked = True
        sent_ns = self._clock()
        self._stamps.sent(sent_ns)
        try:
            async with aclosing(self._stream(sent_ns)) as pieces:
                async for piece in pieces:
                    yield piece
        except SpratError as error:
            self.error = error
            self.half.breaker.failed(error, self)
        finally:
            self._ended()

    async def _stream(self, sent_ns: int) -> AsyncGenerator[Delta]:
        asked = self.half.engine.stream(self.request)
        self._began_s = asyncio.get_running_loop().time()
        async with aclosing(cast("AsyncGenerator[Delta | Reply]", asked)) as stream:
            while not isinstance(piece := await self._next(stream), Reply):
                self._in_recorded_time(sent_ns)
                self.pieces.append(piece)
                self._stamps.piece(piece, tool_call=bool(piece.tool_calls))
                yield piece
        self._in_recorded_time(sent_ns)
        self.reply = piece
        self.half.breaker.worked()

    async def _next(self, stream: AsyncGenerator[Delta | Reply]) -> Delta | Reply:
        try:
            with told(self):
                return await self._in_time(stream)
        except StopAsyncIteration as error:
            raise EngineError(f"{self.engine} ended its stream without a reply.") from error

    async def _in_time(self, stream: AsyncGenerator[Delta | Reply]) -> Delta | Reply:
        limit = self._limit = asyncio.timeout_at(self._until_s)
        try:
            async with limit:
                return await anext(stream)
        except TimeoutError as error:
            if not limit.expired():  # a fault of the engine's
                raise
            raise self._too_slow() from error
        finally:
            self._limit = None

    @property
    def _until_s(self) -> float | None:
        return None if self.within_s is None else self._began_s + self.within_s

    def waits(self) -> None:
        """It stands in line, or the model is being loaded: no fault of the model's."""
        self._waiting = True

    def waited(self, loaded_ns: int | None = None) -> None:
        """The model begins with it: so does the time that it may take, and that is paid for."""
        self._waiting = False
        self._began_s = asyncio.get_running_loop().time()
        if loaded_ns is None:
            self._stamps.sent()
        else:
            self._stamps.loaded(loaded_ns)
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(self._until_s)

    def _in_recorded_time(self, sent_ns: int) -> None:
        """What comes out of a record comes at once; its clock says when it came then."""
        if self.within_s is None or not isinstance(self._clock, RecordedClock):
            return
        if self._clock.passed(sent_ns + round(self.within_s * 1e9)):
            raise self._too_slow()

    def _too_slow(self) -> EngineTimeout | EngineWaiting:
        if self._waiting:
            return EngineWaiting(f"{self.engine} was not free within {self.within_s:g} s.")
        return EngineTimeout(f"{self.engine} had not answered after {self.within_s:g} s.")

    def _ended(self) -> None:
        if self.reply is None and self.error is None:  # closed, cancelled, or a fault of the code
            self.half.breaker.released(self, well=bool(self.pieces))
        self.timing = self.reply.timing if self.reply else self._stamps.done()

    def elapsed(self) -> Timing:
        """The times up to now, of an attempt under way."""
        return self._stamps.done()

    @property
    def usage(self) -> Usage | None:
        """The engine's own count; of an attempt that was cut, an estimate; None: nothing came."""
        if self.reply:
            return self.reply.usage
        return _estimate(self.request, self.pieces) if self.pieces else None

    def cost_usd(self, price: Price | None) -> float | None:
        """What it cost; None: not known. One that brought nothing has used no tokens.

        Waiting costs nothing: seconds count from where the model began with it.
        """
        if self.reply and self.reply.cost_usd is not None:
            return self.reply.cost_usd
        if price is None or self.timing is None:
            return None
        if self._waiting:
            return 0.0
        return price(self.engine, self.usage or Usage(0, 0, counted_by="estimate"), self.timing)

    def step(self, price: Price | None) -> Step:
        """What a reply keeps of it."""
        if not self.asked:
            why = self.error.message if self.error else self.why
            return Step(role="gate", engine=self.engine, why=why)
        return Step(
            role=self.role,
            engine=self.engine,
            why=self.why,
            usage=self.usage,
            timing=self.timing,
            cost_usd=self.cost_usd(price),
            kept=self.kept,
            confidence=self.confidence,
            calibrated=self.calibrated,
            text=None if self.kept else self.text,
            finish=self.reply.finish if self.reply else None,
            error=str(self.error) if self.error else None,
        )

    @property
    def text(self) -> str:
        """What was answered, or as much of it as came."""
        return self.reply.text if self.reply else "".join(piece.text for piece in self.pieces)


def _left_alone(half: Half, why: str) -> EngineRefused:
    retry_after_s = half.breaker.left_alone_s
    name = half.engine.name
    return EngineRefused(f"{name} is {why}", status=503, retry_after_s=retry_after_s)


def _estimate(request: ChatRequest, pieces: list[Delta]) -> Usage:
    said = sum(len(message.content) for message in request.messages) + len(request.prompt or "")
    came = sum(
        len(piece.text + piece.reasoning) // _CHARS_PER_TOKEN
        if piece.tokens is None
        else piece.tokens
        for piece in pieces
    )
    return Usage(said // _CHARS_PER_TOKEN, came, counted_by="estimate")
