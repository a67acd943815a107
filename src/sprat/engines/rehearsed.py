"""What a scripted engine makes of a prediction: docs/scripted.md."""

import re
from typing import NamedTuple

from sprat.engines.predictions import prediction_faults
from sprat.engines.script import Rule
from sprat.errors import UnsupportedRequest
from sprat.types import ChatRequest, Prediction, TokenLogprob

WORDS = re.compile(r"\s*\S+(?:\s+$)?")


class Rehearsed(NamedTuple):
    """An answer's words, and how they stand to the prediction."""

    words: tuple[str, ...]
    logprobs: tuple[float, ...]
    accepted: int = 0
    """So many of the first words are the prediction's."""
    rejected: int = 0


def rehearsed(rule: Rule, request: ChatRequest) -> Rehearsed:
    """The rule's words, or the prediction's as far as a tolerance keeps them.

    Raises:
        UnsupportedRequest: the prediction cannot be used, or the rule does not say how likely.
    """
    own = rule.chunks or tuple(WORDS.findall(rule.text))
    prediction = request.prediction
    if prediction is None:
        return Rehearsed(own, rule.logprobs)
    _check(request)
    said = tuple(WORDS.findall(prediction.text))
    if prediction.tolerance:
        likely = _read(rule, prediction)
        fits = (value >= -prediction.tolerance for value in likely)
        kept = next((i for i, fit in enumerate(fits) if not fit), len(said))
        words = said[:kept] + own[kept:]
        return Rehearsed(words, likely[:kept] + rule.logprobs[kept:], kept, len(said) - kept)
    pairs = zip(own, said, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(own), len(said)))
    return Rehearsed(own, rule.logprobs, same, len(said) - same)


def read_of(rule: Rule, request: ChatRequest) -> tuple[TokenLogprob, ...] | None:
    """How likely the rule calls each word of a prediction that is only to be read; else None.

    Raises:
        UnsupportedRequest: the prediction cannot be read, or the rule does not say.
    """
    prediction = request.prediction
    if prediction is None or not prediction.read_only:
        return None
    _check(request)
    words = WORDS.findall(prediction.text)
    pairs = zip(words, _read(rule, prediction), strict=True)
    top = bool(request.logprobs)
    return tuple(TokenLogprob(w, v, ((w, v),) if top else ()) for w, v in pairs)


def _read(rule: Rule, prediction: Prediction) -> tuple[float, ...]:
    count = len(WORDS.findall(prediction.text))
    if len(rule.read) < count:
        raise UnsupportedRequest(
            f"The prediction has {count} words, and the script's rule says of {len(rule.read)} how "
            "likely they are.",
            param="prediction",
            fix="Give the rule a logarithm for each: read = [-0.1, …].",
        )
    return rule.read[:count]


def _check(request: ChatRequest) -> None:
    for what, wrong in prediction_faults(request).items():
        if wrong:
            line = f"The request cannot be honoured: {what}."
            raise UnsupportedRequest(line, param="prediction")
