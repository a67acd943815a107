"""Chooses the next token from the logits, and says how likely the model thought it."""

import numpy as np

from sprat.engines.onnx.native import Floats, Ints

_FIRST_LOOK = 1024
"""Candidates sorted before the whole vocabulary is."""


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
    """Natural logarithm of the softmax, in float64."""
    wide = logits.astype(np.float64)
    wide -= wide.max()
    return wide - np.log(np.exp(wide).sum())


def top_tokens(logprobs: Floats, count: int) -> list[int]:
    """The `count` likeliest tokens, likeliest first."""
    if count <= 0:
        return []
    count = min(count, len(logprobs))
    top = np.argpartition(-logprobs, count - 1)[:count]
    return [int(token) for token in top[np.lexsort((top, -logprobs[top]))]]
