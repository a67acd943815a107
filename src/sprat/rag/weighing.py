"""What speaks for an answer: where its words stand, how sure the model was, what the gate says."""

from collections.abc import Mapping, Sequence

from sprat.rag.features import line_tokens, near, of_answer, of_quote
from sprat.rag.gate import SideGate
from sprat.rag.judge import Judged, judge
from sprat.rag.prompt import Form, Shown
from sprat.rag.quote import Located, gives_up, locate, parse
from sprat.rag.support import rests_on
from sprat.types import Reply, TokenLogprob


class Weighing:
    """Collects the features of one answer, and judges it."""

    def __init__(
        self,
        question: str,
        passages: Sequence[Shown],
        gate: SideGate,
        features: Mapping[str, float],
    ) -> None:
        self.features = dict(features)
        self.located: Located | None = None
        """The words that the answer rests on."""
        self.quoted = ""
        """The words that the model quoted."""
        self._question = question
        self._passages = passages
        self._gate = gate

    @property
    def number(self) -> int | None:
        """The passage that the answer rests on."""
        return None if self.located is None else self.located.shown.number

    def add(self, features: Mapping[str, float]) -> None:
        """What else is known of it."""
        self.features |= features

    def line(self, line: str, tokens: Sequence[TokenLogprob]) -> Judged | None:
        """Judge by the quoted line alone; None: it quotes nothing, so the whole answer decides."""
        if gives_up(line):
            return self.gave_up()
        if not self._read_line(line, tokens):
            return None
        return self._judged()

    def whole(self, text: str, form: Form, reply: Reply) -> tuple[Judged, str]:
        """Judge a whole answer; and what of it is to be shown."""
        tokens = reply.logprobs or ()
        line, _, rest = text.partition("\n")
        if form == "quote" and not gives_up(line) and self._read_line(line.strip(), tokens):
            answer = rest.strip() or self.quoted
            if gives_up(answer):
                return self.gave_up(), answer
            _, after = line_tokens(tokens, line)
            self._of_answer(reply, answer, after)
            return self._judged(), answer
        if not text or gives_up(text):
            return self.gave_up(), text
        self._find_support(text)
        self._of_answer(reply, text, tokens)
        return self._judged(), text

    def gave_up(self) -> Judged:
        """The model says that the documents do not say."""
        self.features["gave_up"] = 1.0
        return Judged(given=False, why="the model says that they do not say", confidence=0.0)

    def _read_line(self, line: str, tokens: Sequence[TokenLogprob]) -> bool:
        """Whether it quotes; where its words stand."""
        quoted = parse(line)
        if quoted is None:
            return False
        self.quoted = quoted.words
        self.located = locate(quoted, self._passages)
        self.features["support"] = 0.0
        if self.located is not None:
            first, _ = line_tokens(tokens, line)
            self.features |= of_quote(self.located, self._question, quoted.words, first)
        return True

    def _find_support(self, text: str) -> None:
        """Of an answer that quotes nothing: the sentence that it rests on."""
        rests = rests_on(text, self._question, self._passages)
        self.features["support"] = 0.0
        if rests is not None:
            self.located = Located(rests.shown, rests.start, rests.end, rests.support)
            around = near(rests.shown, rests.start, rests.end, self._question)
            self.features |= {
                "support": rests.support,
                "near": around,
                "place": rests.shown.number - 1.0,
            }

    def _of_answer(self, reply: Reply, text: str, tokens: Sequence[TokenLogprob]) -> None:
        if self.located is not None:
            found = of_answer(reply, text, self._question, self.located.shown, tokens)
            self.features |= found

    def _judged(self) -> Judged:
        self.features["gave_up"] = 0.0
        return judge(self.features, self._gate)
