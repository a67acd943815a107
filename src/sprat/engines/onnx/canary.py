"""Whether a provider computes what the processor computes: one known prompt, and the first tokens.

Both multiply in floats (accuracy level 0), so rounding is small and a wrong kernel cannot hide in
it. Every place of the prompt is compared, and the prompt is long: graphics cards compute attention
over one token, a few and many by different kernels, and a fault in one shows in no other.
"""

from typing import NamedTuple

import numpy as np

from sprat.engines.onnx.decoder import Decoder
from sprat.engines.onnx.native import Floats

TEXT = (
    "The river rises in the northern hills, runs for three hundred kilometres through farms and "
    "small towns, and reaches the sea beside the old harbour. In spring, when the snow melts, the "
    "lower meadows are flooded and thousands of birds come to nest. The people of the valley have "
    "built their houses on the higher ground since anyone can remember. A traveller once asked why "
    "nobody lived beside the water. The answer was simple:"
)
STEPS = 8
"""Tokens decoded one by one after the prompt."""
MOST_KL = 1e-3
"""Nats, on average. Floats give 1e-11, halves should give some 1e-5, the wrong kernel that was met
gave 0.06: docs/providers.md."""
MOST_REGRET = 0.1
"""Nats: a token that the processor held almost as likely as its own choice is no other answer."""


class Song(NamedTuple):
    """What a decoder made of the prompt."""

    tokens: list[int]
    logits: Floats
    """[places, vocab]: at each place of the prompt, then after each token written."""


class Agreement:
    """How far two runs agree over the same tokens: float arrays [places, vocab]."""

    def __init__(self, processor: Floats, provider: Floats) -> None:
        right, found = _log_softmax(processor), _log_softmax(provider)
        chosen = found.argmax(axis=-1)
        self.same_tokens = int((right.argmax(axis=-1) == chosen).sum())
        self.tokens = len(right)
        self.kl = float((np.exp(right) * (right - found)).sum(axis=-1).mean())
        """Kullback-Leibler divergence from the processor's, nats, mean over places. Source:
        Kullback and Leibler 1951."""
        losses = right.max(axis=-1) - right[np.arange(len(right)), chosen]
        self.regret = float(losses.max())
        """Nats by which the worst choice was less likely than the best, for the processor."""

    @property
    def holds(self) -> bool:
        """Whether it is the same model; false for anything that is no number."""
        return self.kl <= MOST_KL and self.regret <= MOST_REGRET

    def __str__(self) -> str:
        same = f"{self.same_tokens} of {self.tokens} tokens are the processor's"
        return f"{same}, divergence {self.kl:.1e}"


def sing(decoder: Decoder, prompt: list[int], tokens: list[int] | None = None) -> Song:
    """Read the prompt, then write token by token: those given, else the likeliest each time."""
    most = decoder.most_tokens
    decoder.cache.reserve(1, len(prompt) + STEPS + 2, 0)
    logits = [_run(decoder, prompt[at : at + most], at) for at in range(0, len(prompt), most)]
    written: list[int] = []
    for step in range(STEPS):
        written.append(tokens[step] if tokens else int(logits[-1][-1].argmax()))
        logits.append(_run(decoder, written[-1:], len(prompt) + step))
    return Song(written, np.concatenate(logits))


def _run(decoder: Decoder, tokens: list[int], past: int) -> Floats:
    return decoder.run(np.array([tokens]), [past], 0, keep=len(tokens))[0]


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
