"""What speaks for an answer: where its words stand, how sure the model was, what the gate says."""

import re
from collections.abc import Mapping, Sequence

from sprat.rag.features import line_tokens, near, of_answer, of_quote
from sprat.rag.gate import SideGate
from sprat.rag.judge import Judged, judge
from sprat.rag.marks import denies
from sprat.rag.prompt import Form, Shown
from sprat.rag.quote import Located, gives_up, locate, parse, refuses
from sprat.rag.support import own_share, rests_on
from sprat.types import Reply, TokenLogprob

_CITED = re.compile(r"\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]")


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
        if self._quotes(line, tokens):
            return self._judged()
        return self.gave_up() if gives_up(line) else None

    def first(self, line: str) -> Judged:
        """Judge by the first line of the answer, too."""
        if self._declines(line):
            return self.gave_up()
        self.features["own_support"] = self._own_share(line)
        return self._judged()

    def bears(self, line: str) -> bool:
        """Whether a later line of an answer that is being given stands as its first one does."""
        rules = self._gate.rules
        return self._own_share(line) >= min(rules.own, rules.support)

    def whole(self, text: str, form: Form, reply: Reply) -> tuple[Judged, str]:
        """Judge a whole answer; and what of it is to be shown."""
        tokens = reply.logprobs or ()
        line, _, rest = text.partition("\n")
        if form == "quote" and self._quotes(line.strip(), tokens):
            answer = rest.strip() or self.quoted
            if self._declines(answer):
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

    def _quotes(self, line: str, tokens: Sequence[TokenLogprob]) -> bool:
        """Whether it quotes; where its words stand.

        What stands in a passage is no refusal, though it be "not included"; only what was asked for
        is one.
        """
        quoted = None if refuses(line) else parse(line)
        if quoted is None:
            return False
        self.quoted = quoted.words
        self.located = locate(quoted, self._passages)
        self.features["support"] = 0.0
        if self.located is not None:
            first, _ = line_tokens(tokens, line)
            self.features |= of_quote(self.located, self._question, quoted.words, first)
        return self.located is not None or not gives_up(line)

    def _declines(self, answer: str) -> bool:
        """Whether the answer takes the quote back; a no after a quote that says no does not."""
        return refuses(answer) or (not denies(self.quoted) and gives_up(answer))

    def _find_support(self, text: str) -> None:
        """Of an answer that quotes nothing: the sentence that it rests on."""
        rests = rests_on(text, self._question, self._passages)
        self.features |= {"support": 0.0, "unquoted": 1.0}
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
            there = self._rested_on(text)
            self.features |= of_answer(reply, text, self._question, there, tokens)

    def _own_share(self, answer: str) -> float:
        return own_share(answer, self._question, self._rested_on(answer))

    def _rested_on(self, answer: str) -> str:
        """The passage where the quote stands, and those that the answer cites."""
        cited = {
            int(number) for found in _CITED.findall(answer) for number in re.findall(r"\d+", found)
        }
        found = [one.found.passage for one in self._passages if one.number in {*cited, self.number}]
        return "\n".join(f"{passage.heading}\n{passage.text}" for passage in found)

    def _judged(self) -> Judged:
        self.features["gave_up"] = 0.0
        return judge(self.features, self._gate)
