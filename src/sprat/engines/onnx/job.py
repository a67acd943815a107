"""One request inside the worker: what it wants, how far it is, what it has to show."""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sprat.engines.onnx.native import Floats
from sprat.engines.onnx.sampling import Nudges, Sampler, log_probabilities, top_tokens
from sprat.engines.onnx.text import StopFilter, TextStream
from sprat.engines.onnx.vocabulary import Vocabulary
from sprat.engines.onnx.wire import Ask, Done, Piece
from sprat.measure.clock import now_ns
from sprat.types import Finish, TokenLogprob

if TYPE_CHECKING:
    from sprat.engines.onnx.drafts import Drafts
    from sprat.engines.onnx.guidance import Guide
    from sprat.engines.onnx.tools import CallFilter


class Job:
    """A request that waits or runs."""

    def __init__(
        self,
        ask: Ask,
        prompt: list[int],
        most_tokens: int,
        vocabulary: Vocabulary,
        ends: frozenset[int],
    ) -> None:
        request = ask.request
        self.id = ask.id
        self.request = request
        self.prompt = prompt
        self.most_tokens = most_tokens
        self.guide: Guide | None = None
        self.sampler = Sampler(request.temperature, request.top_p, request.seed)
        self.drafts: Drafts | None = None
        self.nudges: Nudges | None = None
        self.calls: CallFilter | None = None
        """Parts tool calls from text, where the model was offered tools."""
        self.past = 0
        """Tokens in the cache."""
        self.output: list[int] = []
        self.cached = 0
        self.finish: Finish | None = None
        self.prepared_ns = now_ns()
        self.started_ns = self.prepared_ns
        self._vocabulary = vocabulary
        self._ends = frozenset[int]() if request.ignore_end else ends
        self._text = TextStream()
        self._stops = StopFilter(request.stop)
        self._noted: deque[TokenLogprob] = deque()
        """Of tokens that were chosen and not taken yet."""
        self._logprobs: list[TokenLogprob] = []
        self._unsaid = 0
        self._beginning = True

    @property
    def prefilled(self) -> bool:
        """Whether the whole prompt is in the cache."""
        return self.past >= len(self.prompt)

    @property
    def room(self) -> int:
        """Tokens that may still be generated."""
        return self.most_tokens - len(self.output)

    def choose(self, logits: Floats) -> int:
        """The next token; its log-probability is noted when asked for.

        That is the model's own, before penalties, biases, temperature and grammar.
        """
        nudged = self.nudges.applied(logits) if self.nudges else logits
        token = self.guide.choose(nudged) if self.guide else self.sampler.choose(nudged)
        if self.nudges:
            self.nudges.saw(token)
        if self.request.logprobs is not None and token not in self._ends:
            self._note(logits, token, self.request.logprobs)
        return token

    def _note(self, logits: Floats, token: int, count: int) -> None:
        logprobs = log_probabilities(logits)
        top = tuple(
            (self._vocabulary.text(t), float(logprobs[t])) for t in top_tokens(logprobs, count)
        )
        self._noted.append(
            TokenLogprob(
                token=self._vocabulary.text(token), logprob=float(logprobs[token]), top=top
            )
        )

    def take(self, tokens: Sequence[int]) -> Piece | None:
        """Accept generated tokens: what can be shown of them; sets `finish` at the end."""
        said: list[int] = []
        for token in tokens:
            if token in self._ends:
                self.finish = "stop"
                break
            said.append(token)
            if len(self.output) + len(said) >= self.most_tokens:
                self.finish = "length"
                break
        piece = self._show(said)
        self._noted.clear()  # guesses that held, beyond the answer's end
        return piece

    def _show(self, said: list[int]) -> Piece | None:
        shown = ""
        for token in said:
            self.output.append(token)
            self._unsaid += 1
            if self._noted:
                self._logprobs.append(self._noted.popleft())
            shown += self._filtered(self._characters(token))
            if self._over:
                self.finish = "stop"
                break
        if self.drafts:
            self.drafts.add(said)
        if self.finish:
            shown += self._end()
        calls = self.calls.taken() if self.calls else ()
        if not shown and not calls and not (self.finish and self._unsaid):
            return None
        piece = Piece(self.id, shown, self._unsaid, tuple(self._logprobs), calls)
        self._unsaid, self._logprobs = 0, []
        return piece

    def _filtered(self, text: str) -> str:
        return self._stops.add(self.calls.add(text) if self.calls else text)

    @property
    def _over(self) -> bool:
        return self._stops.stopped or (self.calls is not None and self.calls.over)

    def _end(self) -> str:
        """What was held back; then says why the answer ended."""
        shown = ""
        if not self._stops.stopped:
            shown = self._stops.add(self.calls.flush() if self.calls else "")
            self.finish = "stop" if self._stops.stopped else self.finish
            shown += self._stops.flush()
        if self.calls and (self.calls.complete or (self.calls.called and self.finish == "stop")):
            self.finish = "tool_calls"
        return shown

    def _characters(self, token: int) -> str:
        data = self._vocabulary.bytes(token)
        if self._beginning and data:  # some tokenizers put a space before the first word
            self._beginning = False
            data = data[1:] if self._vocabulary.strips and data[:1] == b" " else data
        return self._text.add(data)

    def done(self) -> Done:
        """The last word on it."""
        return Done(
            id=self.id,
            finish=self.finish or "stop",
            input_tokens=len(self.prompt),
            output_tokens=len(self.output),
            cached_tokens=self.cached,
            prepared_ns=self.prepared_ns,
            started_ns=self.started_ns,
        )
