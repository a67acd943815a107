"""What an answer, and a question, tell about whether the answer will be right. Plain numbers.

Formulas and sources: docs/confidence.md.
"""

import math
from collections.abc import Sequence

from sprat.policies.content import content_of, is_document
from sprat.policies.prompt import PROMPT_FEATURES, prompt_features_of
from sprat.policies.shape import asks_json, has_shape
from sprat.policies.tokens import TokenFacts, facts_of
from sprat.types import ChatRequest, Reply

__all__ = [
    "EXTRA",
    "FEATURES",
    "OF_TOKENS",
    "PROMPT_FEATURES",
    "features_of",
    "prompt_features_of",
    "quantile",
]

OF_TOKENS: tuple[str, ...] = (
    "mean",
    "min",
    "p10",
    "median",
    "sum",
    "log_length",
    "first",
    "mean_margin",
    "min_margin",
    "mean_entropy",
    "max_entropy",
    "unsure_share",
    "outvoted_share",
)
"""What log-probabilities tell."""
FEATURES: tuple[str, ...] = (*OF_TOKENS, "cut_off", "abstains", "schema_valid", "log_chars")
"""Of one greedy answer: `features_of`."""

EXTRA: tuple[str, ...] = ("self_check", "agreement")
"""What further requests to the small model tell: its yes to "is that right?", 0..1, and the token
F1 of its answer with a second one, drawn at temperature 0.7."""


def features_of(reply: Reply, request: ChatRequest) -> dict[str, float]:
    """The features of one greedy answer; those that it does not have are left out.

    Of log-probabilities, in nats: `mean`, `min`, `p10`, `median`, `sum`, the `first` token's,
    `log_length` (ln(1 + tokens)); `mean_margin` and `min_margin` (`TokenFacts.margin`),
    `mean_entropy` and `max_entropy` (a lower bound: `TokenFacts.entropy`); `unsure_share`, of
    tokens with p < 0.5; `outvoted_share`, of tokens that another one was likelier than. In a JSON
    answer only the tokens of values count. Without log-probabilities, or without one such token,
    all of these are left out.

    Of the text: `cut_off`, `abstains`, `schema_valid` (where a form was asked for), `log_chars`.

    Source: Gupta et al. (2024), arXiv:2404.10136 (quantiles of token log-probabilities rather than
    their sum alone).
    """
    tokens = facts_of(reply.logprobs or ())
    if asks_json(request.response_format) or is_document(reply.text):
        tokens = content_of(tokens)
    return _of_tokens(tokens) | _of_text(reply, request)


def _of_tokens(tokens: Sequence[TokenFacts]) -> dict[str, float]:
    if not tokens:
        return {}
    logprobs = [token.logprob for token in tokens]
    ordered = sorted(logprobs)
    total = math.fsum(logprobs)
    return {
        "mean": total / len(tokens),
        "min": ordered[0],
        "p10": quantile(ordered, 0.1),
        "median": quantile(ordered, 0.5),
        "sum": total,
        "log_length": math.log1p(len(tokens)),
        "first": logprobs[0],
        "unsure_share": sum(value < math.log(0.5) for value in logprobs) / len(tokens),
        **_of_alternatives(tokens),
    }


def _of_alternatives(tokens: Sequence[TokenFacts]) -> dict[str, float]:
    margins = [token.margin for token in tokens if token.margin is not None]
    entropies = [token.entropy for token in tokens if token.entropy is not None]
    if not margins or not entropies:
        return {}
    return {
        "mean_margin": math.fsum(margins) / len(margins),
        "min_margin": min(margins),
        "mean_entropy": math.fsum(entropies) / len(entropies),
        "max_entropy": max(entropies),
        "outvoted_share": sum(margin < 0 for margin in margins) / len(margins),
    }


def _of_text(reply: Reply, request: ChatRequest) -> dict[str, float]:
    from sprat.questions.scorers.abstain import abstains

    found = {
        "cut_off": float(reply.finish == "length"),
        "abstains": float(abstains(reply.text)),
        "log_chars": math.log1p(len(reply.text)),
    }
    if request.response_format is not None:
        found["schema_valid"] = float(has_shape(reply.text, request.response_format))
    return found


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of sorted values, linearly interpolated.

    Source: Hyndman & Fan (1996), The American Statistician 50:361, definition 7 (numpy's default).
    """
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
