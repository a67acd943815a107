"""One request inside the worker: what it wants, how far it is, what it has to show."""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sprat.engines.onnx.native import Floats
from sprat.engines.onnx.sampling import Nudges, Sampler, noted
from sprat.engines.onnx.text import StopFilter, TextStream
from sprat.engines.onnx.vocabulary import Vocabulary
from sprat.engines.onnx.wire import Ask, Done, Piece
from sprat.measure.clock import now_ns

if TYPE_CHECKING:
    from sprat.engines.onnx.drafts import Drafts
    from sprat.engines.onnx.guidance import Guide
    from sprat.engines.onnx.predicted import Predicted
    from sprat.engines.onnx.reader import Reader
    from sprat.engines.onnx.tools import CallFilter
    from sprat.types import Finish, TokenLogprob


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
        self.predicted: Predicted | None = None
        """What the answer will probably be."""
        self.reader: Reader | None = None
        """Where a prediction is only to be read."""
        self.nudges: Nudges | None = None
        self.calls: CallFilter | None = None
        """Parts tool calls from text, where the model was offered tools."""
        self.past = 0
        """Tokens in the cache."""
        self.turn = 0
        """Which turn of all was its last to compute many tokens at once; 0: it had none."""
        self.output: list[int] = []
        self.cached = 0
        self.finish: Finish | None = None
        self._known: list[int] = []
        """How the answer begins, where an earlier job's reading has shown it."""
        self._guesser: Drafts | Predicted | None = None
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
    def given(self) -> list[int]:
        """What is computed before anything can be answered."""
        return [*self.prompt, *self.reader.tokens[:-1]] if self.reader else self.prompt

    @property
    def prefilled(self) -> bool:
        """Whether all that is in the cache."""
        return self.past >= len(self.given)

    @property
    def reading(self) -> bool:
        """Whether it computes many tokens at once for now: its prompt's, or its prediction's."""
        follows = self.predicted is not None and self.predicted.following
        return not self.finish and (not self.prefilled or bool(self._known) or follows)

    @property
    def room(self) -> int:
        """Tokens that may still be generated."""
        return self.most_tokens - len(self.output)

    def guess(self) -> list[int]:
        """Tokens that may come next: the prediction's, else what followed the same words before."""
        for guesser in (self.predicted, self.drafts):
            if guesser and (found := guesser.guess(self.room - 1)):
                self._guesser = guesser
                return found
        return []

    def learn(self, guessed: int, right: int) -> None:
        """So many of the last guess's tokens held."""
        if self._guesser and guessed:
            self._guesser.learn(guessed, right)

    def choose(self, logits: Floats, ahead: int = 0) -> int:
        """The next token; its log-probability is noted when asked for.

        That is the model's own, before penalties, biases, temperature and grammar. `ahead` counts
        the tokens that were chosen and not taken yet.
        """
        nudged = self.nudges.applied(logits) if self.nudges else logits
        token = self.guide.choose(nudged) if self.guide else self.sampler.choose(nudged)
        if self.predicted and (stands := self.predicted.tolerated(logits, ahead)) is not None:
            token = stands
        if self.nudges:
            self.nudges.saw(token)
        if self.request.logprobs is not None and token not in self._ends:
            entry = noted(logits, token, self.request.logprobs, self._vocabulary.text)
            self._noted.append(entry)
        return token

    def begin_as_read(self, other: "Job | None") -> None:
        """Begin with the answer, too, where another job read the same prediction into this row.

        What the model itself would have written was seen then: it goes on where the two part.
        """
        if other is None or other.reader is None or not self._retraces(other, other.reader):
            return
        pairs = zip(other.reader.choices, other.reader.tokens, strict=True)
        same = next((i for i, (own, read) in enumerate(pairs) if own != read), None)
        self._known = other.reader.choices[: None if same is None else same + 1]
        self.cached = len(self.prompt)
        self.past = self.cached + len(self._known) - 1

    def _retraces(self, other: "Job", reader: "Reader") -> bool:
        predicted = self.predicted
        plain = self.guide is None and self.nudges is None and self.request.logprobs is None
        if not plain or predicted is None or not predicted.exact:
            return False
        return (other.prompt, reader.tokens) == (self.prompt, predicted.tokens)

    def known(self) -> list[int]:
        """How the answer begins, where that is known already; once."""
        known, self._known = self._known, []
        return known

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
        shown, before = "", len(self.output)
        for token in said:
            self.output.append(token)
            self._unsaid += 1
            if self._noted:
                self._logprobs.append(self._noted.popleft())
            shown += self._filtered(self._characters(token))
            if self._over:
                self.finish = "stop"
                break
        for guesser in (self.drafts, self.predicted):
            if guesser:
                guesser.add(self.output[before:])
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
        predicted, reader = self.predicted, self.reader
        return Done(
            id=self.id,
            finish=self.finish or "stop",
            input_tokens=len(self.prompt) + (len(reader.tokens) if reader else 0),
            output_tokens=len(self.output),
            cached_tokens=self.cached,
            accepted_tokens=predicted.accepted if predicted else 0,
            rejected_tokens=predicted.rejected if predicted else 0,
            read=tuple(reader.read) if reader else None,
            prepared_ns=self.prepared_ns,
            started_ns=self.started_ns,
        )
