"""Chooses the next token from the logits, and says how likely the model thought it."""

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from sprat.engines.onnx.native import Floats, Ints
from sprat.types import TokenLogprob

_FIRST_LOOK = 1024
"""Candidates sorted before the whole vocabulary is."""
_BLOCK = 64


class Nudges:
    """What a request adds to the logits before a token is chosen: penalties and biases.

    `logits[t] += bias[t] - count[t] · frequency - (count[t] > 0) · presence`, with the counts of
    the answer so far; the prompt does not count.
    Source: https://platform.openai.com/docs/api-reference/chat/create and OpenAI's guide on
    parameter details.
    """

    def __init__(self, presence: float, frequency: float, bias: Mapping[int, float]) -> None:
        self._presence = presence
        self._frequency = frequency
        self._tokens = np.fromiter(bias, np.int64, len(bias))
        self._biases = np.fromiter(bias.values(), np.float32, len(bias))
        self._counts = Counter[int]()

    def saw(self, token: int) -> None:
        """The answer holds this token (once more)."""
        self._counts[token] += 1

    def applied(self, logits: Floats) -> Floats:
        """A copy of float32 logits [vocab] with everything added."""
        changed = logits.copy()
        seen = np.fromiter(self._counts, np.int64, len(self._counts))
        counts = np.fromiter(self._counts.values(), np.float32, len(self._counts))
        changed[seen] -= counts * self._frequency + self._presence
        changed[self._tokens] += self._biases
        return changed


class Sampler:
    """Greedy at temperature 0, else temperature and nucleus sampling with a random stream."""

    def __init__(self, temperature: float, top_p: float, seed: int | None) -> None:
        self.greedy = temperature <= 0.0 or top_p <= 0.0
        self._temperature = temperature
        self._top_p = top_p
        self._random = np.random.default_rng(seed)

    def choose(self, logits: Floats) -> int:
        """One token from float32 logits [vocab]; among equals the lowest number."""
        if self.greedy:
            return int(logits.argmax())
        scaled = logits.astype(np.float64) / self._temperature
        weights = np.exp(scaled - scaled.max())
        if self._top_p >= 1.0:
            return _draw(weights, self._random.random())
        tokens = _nucleus(weights, self._top_p)
        return int(tokens[_draw(weights[tokens], self._random.random())])


def _draw(weights: Floats, random: float) -> int:
    sums: Floats = weights.cumsum()
    place = int(np.searchsorted(sums, random * float(sums[-1]), side="right"))
    return min(place, len(sums) - 1)


def _nucleus(weights: Floats, top_p: float) -> Ints:
    """The fewest tokens whose probability reaches `top_p`, likeliest first.

    Source: Holtzman et al. 2020, https://arxiv.org/abs/1904.09751
    """
    wanted = top_p * float(weights.sum())
    for count in (min(_FIRST_LOOK, len(weights)), len(weights)):
        top = np.argpartition(-weights, count - 1)[:count]
        top = top[np.lexsort((top, -weights[top]))]
        sums: Floats = weights[top].cumsum()
        if sums[-1] >= wanted:
            return top[: int(np.searchsorted(sums, wanted)) + 1]
    return np.argsort(-weights, kind="stable")


def log_probabilities(logits: Floats) -> Floats:
    """Natural logarithm of the softmax; summed in float64, for a vocabulary is long."""
    below: Floats = logits - logits.max()
    return below - np.float32(np.log(np.exp(below).sum(dtype=np.float64)))


def noted(logits: Floats, token: int, count: int, text: Callable[[int], str]) -> TokenLogprob:
    """A token's log-probability and `count` alternatives; `text` is how a token reads."""
    logprobs = log_probabilities(logits)
    top = tuple((text(t), float(logprobs[t])) for t in top_tokens(logprobs, count))
    return TokenLogprob(token=text(token), logprob=float(logprobs[token]), top=top)


def top_tokens(logprobs: Floats, count: int) -> list[int]:
    """The `count` likeliest tokens, likeliest first; among equals the lowest number."""
    count = min(count, len(logprobs))
    if count <= 0:
        return []
    near = np.flatnonzero(logprobs >= _floor(logprobs, count))
    return [int(token) for token in near[np.lexsort((near, -logprobs[near]))][:count]]


def _floor(logprobs: Floats, count: int) -> float:
    """What at least `count` values reach: so few are left that sorting them costs nothing."""
    blocks = len(logprobs) // _BLOCK
    if blocks < count:
        return float(logprobs.min())
    peaks = logprobs[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
    return float(np.partition(peaks, -count)[-count])
