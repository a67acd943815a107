"""Follows a prediction through an answer: what it says comes next is checked, not computed.

Why so, and what it saves: docs/decisions/reading-a-draft.md.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from sprat.engines.onnx.native import Floats

MOST_READ = 31
"""Tokens of a prediction that are checked at once, after the answer's last one."""
_FIRST_READ = 4
_AGAIN_READ = 2
"""Checked at once where the answer comes back to the prediction."""
_LEAST_SAME = 2
"""So many of the answer's last tokens must stand in the prediction for it to come back to it."""
_MOST_SAME = 4


class Predicted:
    """One answer's prediction, as guesses."""

    def __init__(self, tokens: Sequence[int], *, tolerance: float = 0.0, used: bool = True) -> None:
        """`used`: whether its tokens may be checked many at once; else they are only counted."""
        self.tokens = list(tokens)
        self.tolerance = tolerance
        self.following = used and bool(self.tokens)
        """Whether the answer has been the prediction so far, and that goes on."""
        self._used = used
        self._at: int | None = 0
        """Where the answer is in it; None: elsewhere."""
        self._expected = 0
        """Where it would be, had it only put other words in the place of some."""
        self._most = _FIRST_READ
        self._tail: list[int] = []
        self._met = [False] * len(self.tokens)
        self._after: dict[tuple[int, ...], list[int]] = defaultdict(list)
        """Two tokens → the places after them: a long prediction is not searched at every token."""
        for end, pair in enumerate(pairwise(self.tokens[:-1]), _LEAST_SAME):
            self._after[pair].append(end)

    @property
    def exact(self) -> bool:
        """Whether its tokens are checked, and kept only where they are the model's own choice."""
        return self._used and not self.tolerance

    @property
    def accepted(self) -> int:
        """Of its tokens, how many the answer has, where it follows the prediction."""
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

    def tolerated(self, logits: Floats, ahead: int) -> int | None:
        """Its token `ahead` of where the answer is, if that may stand; None: the model's own may.

        float32 logits [vocab]; two log-probabilities differ by as much as their logits.
        """
        place = (self._at or 0) + ahead
        if not self.following or not self.tolerance or place >= len(self.tokens):
            return None
        worse = float(logits.max()) - float(logits[self.tokens[place]])
        return self.tokens[place] if worse <= self.tolerance else None

    def learn(self, guessed: int, right: int) -> None:
        """Check twice as many at once after guesses that held, few after others."""
        held = right == guessed
        self._most = min(MOST_READ, self._most * 2) if held else _AGAIN_READ

    def add(self, tokens: Sequence[int]) -> None:
        """Remember what was written, and find the place in the prediction that it leads to."""
        for token in tokens:
            self._tail = [*self._tail[1 - _MOST_SAME :], token]
            self._expected += 1
            if self._at is not None and self.tokens[self._at : self._at + 1] == [token]:
                self._met[self._at] = True
                self._at = self._expected = self._at + 1
            else:
                self.following = False
                self._at = None if self.tolerance else self._again()
        if self._at == len(self.tokens):
            self.following = False

    def _again(self) -> int | None:
        """Where the prediction goes on after the answer's last tokens.

        Of several places that after the most of them; of equals the one nearest to where the
        answer would be.
        """
        ends = self._after.get(tuple(self._tail[-_LEAST_SAME:]), ())
        unmet = (end for end in ends if not self._met[end])
        found = [(self._same(end), -abs(end - self._expected), end) for end in unmet]
        if not found:
            return None
        same, _, end = max(found)
        self._met[end - same : end] = [True] * same
        return end

    def _same(self, end: int) -> int:
        """How many tokens before this place are the answer's last ones."""
        most = min(len(self._tail), end)
        differ = (i for i in range(1, most + 1) if self.tokens[end - i] != self._tail[-i])
        return next(differ, most + 1) - 1
