"""Reads a prediction without answering: how likely the model thinks each of its tokens."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sprat.engines.onnx.native import Floats
from sprat.engines.onnx.sampling import noted

if TYPE_CHECKING:
    from sprat.types import TokenLogprob

MOST_LOGITS = 64
"""Positions whose logits are held at once: a vocabulary of 152,000 takes 0.6 MB for each."""


class Reader:
    """One prediction, token by token."""

    def __init__(
        self, tokens: Sequence[int], alternatives: int, text: Callable[[int], str]
    ) -> None:
        """`text` is how a token reads."""
        self.tokens = list(tokens)
        self.read: list[TokenLogprob] = []
        self.choices: list[int] = []
        """What the model itself would have written instead of each token."""
        self._alternatives = alternatives
        self._text = text

    def saw(self, logits: Floats) -> None:
        """float32 logits [n, vocab]: of the next n tokens."""
        for row in logits:
            token = self.tokens[len(self.read)]
            self.choices.append(int(row.argmax()))
            self.read.append(noted(row, token, self._alternatives, self._text))
