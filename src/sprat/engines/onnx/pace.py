"""How much of a prompt is computed at once: as much as takes about as long as others may wait."""

LEAST_TOKENS = 32
"""Below this, a prompt's tokens cost more than a tenth more each: docs/benchmarks.md."""
LEAST_ALONE_TOKENS = 64
"""Where nobody waits: at most a twentieth is lost."""
MOST_TOKENS = 512
ALONE_S = 0.5
"""With nobody to keep waiting; a cancellation cuts a piece short (`Decoder.run`)."""
AMONG_OTHERS_S = 0.1
"""Beside answers under way, which get a token after every piece."""
_FIRST_TOKENS_PER_S = 256.0
_STEP_TOKENS = 16
"""Few different lengths: the runtime keeps memory for each shape that it met."""


class Pace:
    """Learns how fast prompts are computed here."""

    def __init__(self, least: int = LEAST_TOKENS, most: int = MOST_TOKENS) -> None:
        self._least = least
        self._most = most
        self._tokens_per_s = _FIRST_TOKENS_PER_S

    def tokens(self, left: int, *, alone: bool) -> int:
        """How many of the `left` tokens to compute now.

        Never one by itself unless it is all there is: one token may be rounded otherwise than in
        company (docs/decisions/own-decode-loop.md), and the answer must not depend on the pace.
        """
        wanted = self._tokens_per_s * (ALONE_S if alone else AMONG_OTHERS_S)
        wanted = int(wanted) // _STEP_TOKENS * _STEP_TOKENS
        least = LEAST_ALONE_TOKENS if alone else self._least
        count = min(left, self._most, max(least, wanted))
        return left if left - count == 1 else count

    def learn(self, tokens: int, seconds: float) -> None:
        """So many tokens took so long; short pieces say nothing of the pace."""
        if tokens >= self._least and seconds > 0:
            self._tokens_per_s = (self._tokens_per_s + tokens / seconds) / 2
