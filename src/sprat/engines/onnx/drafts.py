"""Guesses the next tokens by looking back: text that quotes itself can be checked, not computed.

Source: prompt lookup, https://arxiv.org/abs/2304.04487 (inference with reference).
"""

from collections.abc import Sequence

NGRAM = 3
MOST_DRAFTS = 12
_PAUSE_TOKENS = 32


class Drafts:
    """One answer's guesser. It stops guessing for a while when guesses do not pay."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._seen: dict[tuple[int, ...], int] = {}
        self._most = 4
        self._pause = 0
        self._misses = 0
        self.add(tokens)

    def add(self, tokens: Sequence[int]) -> None:
        """Remember what was read or written."""
        for token in tokens:
            self._tokens.append(token)
            at = len(self._tokens) - 1
            if at >= NGRAM:  # the n-gram that ended before this token is followed by it
                self._seen[tuple(self._tokens[at - NGRAM : at])] = at
        self._pause = max(0, self._pause - len(tokens))

    def guess(self, room: int) -> list[int]:
        """Tokens that followed the last time the same n-gram was met; [] when there is none."""
        if self._pause or room < 1 or len(self._tokens) < NGRAM:
            return []
        at = self._seen.get(tuple(self._tokens[-NGRAM:]))
        if at is None:
            return []
        return self._tokens[at : at + min(self._most, room)]

    def learn(self, guessed: int, right: int) -> None:
        """Guess more after guesses that held, fewer after others; pause after several misses."""
        if right == guessed:
            self._most = min(MOST_DRAFTS, self._most * 2)
            self._misses = 0
            return
        self._most = max(2, right + 1)
        self._misses = self._misses + 1 if right * 2 < guessed else 0
        if self._misses >= 3:
            self._pause, self._misses = _PAUSE_TOKENS, 0
