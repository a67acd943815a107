"""One model's try at a question: it reads, answers, is checked, and is heard or not."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from sprat.errors import SpratError, UnsupportedRequest
from sprat.measure.clock import Clock, now_ns
from sprat.policies.attempt import Attempt
from sprat.rag.features import of_reading
from sprat.rag.gate import unlearned
from sprat.rag.judge import Judged, says_not_there, stays_silent
from sprat.rag.prompt import NOT_THERE, QUOTE_TOKENS, messages, shape, shown
from sprat.rag.side import Side
from sprat.rag.spoken import Spoken
from sprat.rag.support import guess_of
from sprat.rag.turn import Turn
from sprat.rag.weighing import Weighing
from sprat.types import ChatRequest, Delta, Prediction, TokenLogprob

LEFT_OUT = "\u2026"
"""Stands for the lines of an answer from the first on that stands in no passage."""


class Tried:
    """What one side makes of a question. After `run` it is judged, or has an error."""

    def __init__(self, side: Side, turn: Turn, role: str, clock: Clock = now_ns) -> None:
        self.side = side
        self.gate = side.gate if _greedy(turn.request) else unlearned(side.gate)
        self.passages = shown(turn.retrieved.found, side.gate.tokens)
        self.weighing = Weighing(turn.question, self.passages, self.gate, turn.features)
        self.spoken = Spoken(turn.question, len(self.passages))
        self.judged: Judged | None = None
        self.attempt: Attempt | None = None
        """The answer; None: it was not asked for one."""
        self._turn = turn
        self.role = role
        self._clock = clock
        self._was_read = False
        self._text = ""

    @property
    def given(self) -> bool:
        """Whether the caller got this answer."""
        return self.judged is not None and self.judged.given

    @property
    def error(self) -> SpratError | None:
        """Why there is no answer, or only a beginning; None: it is whole, or turned down."""
        return None if self.attempt is None else self.attempt.error

    @property
    def ends_it(self) -> bool:
        """Whether so much speaks for silence that nobody else need be asked."""
        return stays_silent(self.weighing.features, self.gate) is not None

    async def run(self) -> AsyncGenerator[str]:
        """Yield the answer's text once it may be given; nothing if it may not."""
        await self._read()
        while self.judged is None:
            attempt = self.attempt = self._begin()
            try:
                async with aclosing(self._heard(attempt)) as texts:
                    async for text in texts:
                        yield text
            finally:
                again = self.side.refused_ours(attempt)
                self.side.half.mute |= again
                if not again:
                    self._note(attempt, kept=self.given)
            if not again:
                return
            self._text = ""

    async def _read(self) -> None:
        """Ask how probable a refusal is: in the reading of the prompt that an answer needs too."""
        if not self.side.reads:
            return
        self._turn.began("read", self.side.engine.name)
        prediction = Prediction(text=NOT_THERE, read_only=True)
        request = msgspec.structs.replace(
            self._request(), prediction=prediction, logprobs=0, temperature=0.0
        )
        attempt = Attempt(self.side.half, request, "read", "", self._clock)
        async with aclosing(attempt.run()) as pieces:
            async for _ in pieces:
                pass
        if isinstance(attempt.error, UnsupportedRequest):
            self.side.reads = False
            self._turn.watch(attempt.step(self._turn.price))  # it began; it was no attempt, though
        elif attempt.reply is not None and attempt.reply.read:
            self._was_read = True
            self.weighing.add(of_reading(attempt.reply.read))
            self.judged = says_not_there(self.weighing.features, self.gate)
            self._note(attempt, kept=False)

    def _request(self) -> ChatRequest:
        turn, form = self._turn, self.side.form
        room = turn.request.max_tokens
        asked = messages(form, self.passages, turn.question, turn.earlier)
        return msgspec.structs.replace(
            turn.request,
            messages=(*turn.system, *asked),
            max_tokens=None if room is None else room + (QUOTE_TOKENS if form == "quote" else 0),
            logprobs=None if self.side.half.mute else 0,
            scheduled_ns=None,
        )

    def _begin(self) -> Attempt:
        """The answer; where the prompt was read already, it is not computed again."""
        request = self._request()
        if self._was_read:
            form = shape(self.side.form, len(self.passages))
            request = msgspec.structs.replace(request, response_format=form)
            if request.temperature <= 0:  # what is drawn cannot be guessed
                guess = guess_of(self._turn.question, self.passages, self.side.form)
                request = msgspec.structs.replace(request, prediction=Prediction(text=guess))
        self._turn.began(self.role, self.side.engine.name)
        return Attempt(self.side.half, request, self.role, "", self._clock)

    async def _heard(self, attempt: Attempt) -> AsyncGenerator[str]:
        """The quoted line is checked as soon as it is there, if then; so is each that follows."""
        async with aclosing(attempt.run()) as pieces:
            if self.side.form == "quote" and self.gate.decide == "quote":
                await self._listen(pieces, lambda text: "\n" in text.strip())
                self.judged = self.weighing.line(_line(self._text), _tokens(attempt))
                if self.given:
                    async with aclosing(self._streamed(attempt, pieces)) as texts:
                        async for text in texts:
                            yield text
                if self.judged is not None:
                    return
            await self._listen(pieces, lambda _: False)
        if attempt.reply is not None:
            self.judged, answer = self.weighing.whole(
                self._text.strip(), self.side.form, attempt.reply
            )
            if self.given:
                yield self.spoken.say(answer) + self._end()

    async def _streamed(
        self, attempt: Attempt, pieces: AsyncGenerator[Delta]
    ) -> AsyncGenerator[str]:
        """The answer line by line: the first decides; one that stands nowhere ends it."""
        await self._listen(pieces, lambda text: "\n" in _rest(text))
        if attempt.error is not None:  # nothing was shown yet: another model may answer
            self.judged = None
            return
        first, end, rest = _rest(self._text).partition("\n")
        answer = first.rstrip() or self.weighing.quoted
        self.judged = self.weighing.first(answer)
        if not self.given:
            return
        yield self.spoken.say(answer + end)
        async with aclosing(_lines(attempt, pieces, rest)) as lines:
            async for line in lines:
                if not self.weighing.bears(line):
                    yield self.spoken.say(LEFT_OUT)
                    break
                yield self.spoken.say(line)
        if attempt.error is None:
            yield self._end()

    async def _listen(self, pieces: AsyncGenerator[Delta], enough: Callable[[str], bool]) -> None:
        """Take pieces until it is enough, or the answer is over."""
        while not enough(self._text):
            piece = await anext(pieces, None)
            if piece is None:
                return
            self._text += piece.text

    def _end(self) -> str:
        return self.spoken.end(self.weighing.number)

    def _note(self, attempt: Attempt, *, kept: bool) -> None:
        attempt.kept = kept
        if self.judged is not None:
            attempt.why, attempt.confidence = self.judged.why, self.judged.confidence
            attempt.calibrated = self.judged.calibrated
        self._turn.ended(attempt.step(self._turn.price))


def _line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()


def _rest(text: str) -> str:
    """What follows the quoted line. Its end is as it came: it may be the middle of a number."""
    return text.lstrip().partition("\n")[2].lstrip()


async def _lines(attempt: Attempt, pieces: AsyncGenerator[Delta], held: str) -> AsyncGenerator[str]:
    """Whole lines, each when its end is there; `held`: what came before."""
    async for piece in pieces:
        *whole, held = (held + piece.text).split("\n")
        for line in whole:
            yield f"{line}\n"
    if attempt.error is None:
        for line in held.splitlines(keepends=True):
            yield line


def _greedy(request: ChatRequest) -> bool:
    """Whether it is asked as it was calibrated: drawn otherwise, a confidence means nothing."""
    return not (request.temperature or request.presence_penalty or request.frequency_penalty)


def _tokens(attempt: Attempt) -> tuple[TokenLogprob, ...]:
    return tuple(token for piece in attempt.pieces for token in piece.logprobs)
