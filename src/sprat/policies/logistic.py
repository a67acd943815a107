"""Logistic regression over named features, as a policy file holds it."""

import math
from collections.abc import Mapping

import msgspec


class Logistic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`p = 1 / (1 + exp(-(bias + Σ weightᵢ · (featureᵢ - centreᵢ) / scaleᵢ)))`.

    All tuples are of one length. A feature that an answer lacks counts as its centre: it says
    nothing either way.
    """

    features: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def probability(self, values: Mapping[str, float]) -> float:
        """The probability, 0..1, that the answer with these features is right."""
        terms = zip(self.features, self.centres, self.scales, self.weights, strict=True)
        score = self.bias + sum(
            weight * (values[name] - centre) / scale
            for name, centre, scale, weight in terms
            if name in values
        )
        return _sigmoid(score)


def _sigmoid(score: float) -> float:
    """Stable for scores of any size."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    return math.exp(score) / (1 + math.exp(score))
