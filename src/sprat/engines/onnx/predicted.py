"""Follows a prediction through an answer: what it says comes next is checked, not computed.

Why so, and what it saves: docs/decisions/reading-a-draft.md.
"""

from collections.abc import Sequence

from sprat.engines.onnx.native import Floats

MOST_READ = 32
"""Tokens of a prediction that are checked at once."""
_FIRST_READ = 16
_NGRAM = 2
"""So many of the answer's own tokens, met again in the prediction, say where to go on in it."""
_FIRST_AGAIN = 4
"""Checked at once after that, and after every disagreement."""


class Predicted:
    """One answer's prediction, as guesses."""

    def __init__(self, tokens: Sequence[int], *, tolerance: float = 0.0, used: bool = True) -> None:
        """`used`: whether its tokens may be checked many at once; else they are only counted."""
        self.tokens = list(tokens)
        self.tolerance = tolerance
        self.following = used and bool(tokens)
        """Whether the answer has been the prediction so far, and that goes on."""
        self._used = used
        self._at: int | None = 0
        self._most = _FIRST_READ
        self._tail: list[int] = []
        self._met = [False] * len(self.tokens)

    @property
    def exact(self) -> bool:
        """Whether its tokens are checked, and kept only where they are the model's own choice."""
        return self._used and not self.tolerance

    @property
    def accepted(self) -> int:
        """Of its tokens, how many the answer has, in its order from where the two meet."""
        return sum(self._met)

    @property
    def rejected(self) -> int:
        """Of its tokens, how many the answer does not have."""
        return len(self.tokens) - self.accepted

    def guess(self, room: int) -> list[int]:
        """Its tokens that would come next; [] where the answer has left it."""
        if not self._used or self._at is None:
            return []
        return self.tokens[self._at : self._at + min(self._most, max(room, 0))]

    def tolerates(self, logits: Floats, token: int) -> bool:
        """Whether its next token may stand though the model would have written another.

        float32 logits [vocab]; two log-probabilities differ by as much as their logits.
        """
        worse = float(logits.max()) - float(logits[token])
        return self.following and 0 < self.tolerance >= worse

    def learn(self, guessed: int, right: int) -> None:
        """Check more at once after guesses that held, fewer after others."""
        held = right == guessed
        self._most = min(MOST_READ, self._most * 2) if held else _FIRST_AGAIN

    def add(self, tokens: Sequence[int]) -> None:
        """Remember what was written, and find the place in the prediction that it leads to."""
        for token in tokens:
            self._tail = [*self._tail[1 - _NGRAM :], token]
            if self._at is not None and self.tokens[self._at : self._at + 1] == [token]:
                self._met[self._at] = True
                self._at += 1
            else:
                self.following = False
                self._at = None if self.tolerance else self._again()
        if self._at is not None and self._at >= len(self.tokens):
            self.following = False

    def _again(self) -> int | None:
        """Where the prediction goes on after the answer's last tokens; the first unmet place."""
        ends = range(len(self._tail), len(self.tokens) + 1) if len(self._tail) == _NGRAM else ()
        found = (end for end in ends if self.tokens[end - _NGRAM : end] == self._tail)
        return next((end for end in found if not all(self._met[end : end + 1])), None)
