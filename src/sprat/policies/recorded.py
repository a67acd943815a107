"""An engine that answers from an outcome log: instantly, and the same every time.

With it the very policy that serves is evaluated: `PolicyEngine` over two of these.
"""

from collections.abc import AsyncIterator, Sequence

from msgspec import structs

from sprat.engines.base import Load
from sprat.errors import EngineError, EngineRefused
from sprat.policies.outcome import (
    Extra,
    Outcome,
    OutcomeLog,
    Reading,
    logprobs_of,
    reply_of,
    timing_of,
)
from sprat.types import ChatRequest, Delta, Message, Prediction, Question, Reply, TokenLogprob


class RecordedClock:
    """A clock that stands still until a recorded answer takes its time.

    Given to both engines of a policy and to the policy's own stopwatch, that reads what it would
    have read had the models computed: drafts that are broken off are paid for up to that token.
    """

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        """Nanoseconds since the beginning."""
        return self.now_ns

    def reach(self, at_ns: int) -> None:
        """Go forward to a moment; never back."""
        self.now_ns = max(self.now_ns, at_ns)

    def passed(self, until_ns: int) -> bool:
        """Whether it went beyond a moment; then it is that moment, at which somebody gave up."""
        late = self.now_ns > until_ns
        self.now_ns = min(self.now_ns, until_ns)
        return late


class RecordedEngine:
    """Answers requests whose messages are those of a recorded question.

    What is lost against the model itself: alternatives of tokens (what features need of them is
    kept, see `tokens.Recalled`), reasoning, the kind of an error, and when each token came: after
    the first they are spread evenly. A request is answered greedily as recorded whatever else it
    asks for, cut at its `max_tokens`; one at a temperature above 0 gets the recorded second
    answer.
    """

    pids: tuple[int, ...] = ()

    def __init__(
        self,
        log: OutcomeLog,
        model: str,
        questions: Sequence[Question],
        clock: RecordedClock | None = None,
    ) -> None:
        self.name = model
        self._outcomes = log.of(model)
        self._drafts = {
            other.name: log.of(other.name) for other in log.models if other.name != model
        }
        self._asked: dict[tuple[tuple[str, str], ...], str] = {}
        for question in questions:  # of those in the same words the first is answered
            if question.id in self._outcomes:
                self._asked.setdefault(_said(question.messages), question.id)
        self._clock = clock or RecordedClock()

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield the recorded tokens, each as a piece, then the `Reply`.

        Raises:
            EngineRefused: nothing like this was recorded.
            EngineError: an error was recorded.
        """
        sent_ns = self._clock()
        reply = self._reply(request, sent_ns)
        pieces = [] if reply.read is not None else _pieces(reply)
        for place, piece in enumerate(pieces):
            self._clock.reach(_moment(reply, place, len(pieces)))
            yield piece if request.logprobs is not None else Delta(text=piece.text, tokens=1)
        self._clock.reach(reply.timing.done_ns)
        yield _without_logprobs(reply) if request.logprobs is None else reply

    async def warm(self) -> Load:
        """Nothing to load."""
        return Load(load_s=None, provider="recorded")

    async def aclose(self) -> None:
        """Nothing to free."""

    def _reply(self, request: ChatRequest, sent_ns: int) -> Reply:
        outcome, asked = self._outcome(request.messages)
        if asked != request.messages:
            return _extra_reply(self._extra(outcome, "self_check"), self.name, sent_ns)
        if request.temperature > 0:
            return _extra_reply(self._extra(outcome, "agreement"), self.name, sent_ns)
        if request.prediction is not None:
            return self._predicted(outcome, request.prediction, sent_ns)
        if outcome.error is not None:
            self._clock.reach(sent_ns + round(outcome.answer_s * 1e9))
            raise EngineError(outcome.error)
        return _cut(reply_of(outcome, sent_ns), request.max_tokens)

    def _outcome(self, messages: tuple[Message, ...]) -> tuple[Outcome, tuple[Message, ...]]:
        """The outcome of the question that the messages are, or begin with."""
        for length in range(len(messages), 0, -1):
            asked = self._asked.get(_said(messages[:length]))
            if asked in self._outcomes:
                return self._outcomes[asked], messages[:length]
        said = messages[-1].content if messages else ""
        raise EngineRefused(f"No answer of {self.name} to {said[:60]!r} is recorded.")

    def _extra(self, outcome: Outcome, name: str) -> Extra:
        if name not in outcome.extra:
            raise EngineRefused(
                f"The outcome log holds no {name} of {self.name} on {outcome.question!r}."
            )
        return outcome.extra[name]

    def _predicted(self, outcome: Outcome, prediction: Prediction, sent_ns: int) -> Reply:
        reading = self._reading(outcome, prediction.text)
        if prediction.read_only:
            return _read(reading, prediction.text, self.name, sent_ns)
        if prediction.tolerance or reading.exact_s is None or reading.exact_usage is None:
            raise EngineRefused(
                f"How {self.name} answers {outcome.question!r} with a draft of tolerance "
                f"{prediction.tolerance} was not recorded."
            )
        timing = timing_of(reading.exact_s, reading.exact_ttft_s, sent_ns)
        changes = {"timing": timing, "usage": reading.exact_usage}
        return structs.replace(reply_of(outcome, sent_ns), **changes)

    def _reading(self, outcome: Outcome, draft: str) -> Reading:
        for model, reading in outcome.readings.items():
            drafted = self._drafts.get(model, {}).get(outcome.question)
            if drafted is not None and drafted.text == draft:
                return reading
        raise EngineRefused(
            f"{self.name} read no such draft of {outcome.question!r} in the outcome log."
        )


def _said(messages: Sequence[Message]) -> tuple[tuple[str, str], ...]:
    return tuple((message.role, message.content) for message in messages)


def _pieces(reply: Reply) -> list[Delta]:
    if not reply.logprobs:
        return [Delta(text=reply.text)] if reply.text else []
    return [Delta(text=token.token, tokens=1, logprobs=(token,)) for token in reply.logprobs]


def _moment(reply: Reply, place: int, count: int) -> int:
    """When a piece came: the first and the last as recorded, the others evenly between."""
    done_ns = reply.timing.done_ns
    first_ns = reply.timing.first_token_ns
    if first_ns is None or count < 2:
        return done_ns if first_ns is None else first_ns
    return first_ns + (done_ns - first_ns) * place // (count - 1)


def _cut(reply: Reply, most: int | None) -> Reply:
    """The beginning of a greedy answer is the greedy answer to a request for fewer tokens."""
    tokens = reply.logprobs
    if most is None or not tokens or len(tokens) <= most:
        return reply
    kept = tokens[:most]
    done_ns = _moment(reply, most - 1, len(tokens)) if most else reply.timing.sent_ns
    timing = structs.replace(reply.timing, done_ns=done_ns, last_token_ns=done_ns if most else None)
    return structs.replace(
        reply,
        text="".join(token.token for token in kept),
        finish="length",
        usage=structs.replace(reply.usage, output_tokens=most),
        timing=timing,
        logprobs=kept,
    )


def _read(reading: Reading, draft: str, model: str, sent_ns: int) -> Reply:
    return Reply(
        text="",
        finish="stop",
        usage=reading.usage,
        timing=timing_of(reading.answer_s, None, sent_ns),
        model=model,
        read=logprobs_of(reading.tokens, draft),
    )


def _extra_reply(extra: Extra, model: str, sent_ns: int) -> Reply:
    first = TokenLogprob(extra.top[0][0], extra.top[0][1], extra.top) if extra.top else None
    return Reply(
        text=extra.text,
        finish="stop",
        usage=extra.usage,
        timing=timing_of(extra.answer_s, extra.ttft_s, sent_ns),
        model=model,
        logprobs=(first,) if first else None,
    )


def _without_logprobs(reply: Reply) -> Reply:
    return structs.replace(reply, logprobs=None)
