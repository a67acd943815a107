"""Whether an answer may be given: the rules first, then the confidence."""

import math
from collections.abc import Mapping

import msgspec

from sprat.rag.gate import SideGate


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an answer at the gate."""

    given: bool
    why: str
    confidence: float | None = None
    """Learned, or by rule: 0 to 1."""
    calibrated: bool = False


def judge(features: Mapping[str, float], side: SideGate) -> Judged:
    """Judge an answer by its features, all those that are known by now."""
    confidence, calibrated = confidence_of(features, side), side.logistic is not None
    given, why = _by_rules(features, side)
    if given and calibrated:
        given = side.threshold is not None and confidence >= side.threshold
        relation = "is at least" if given else "is below"
        bound = "any" if side.threshold is None else f"{side.threshold:.3f}"
        why = f"confidence {confidence:.3f} {relation} {bound}"
    return Judged(given=given, why=why, confidence=confidence, calibrated=calibrated)


def confidence_of(features: Mapping[str, float], side: SideGate) -> float:
    """The learned probability; without one the share that is supported, times that it is there."""
    if side.logistic is not None:
        return side.logistic.probability(features)
    supported = features.get("support", 0.0) * features.get("own_support", 1.0)
    return supported * (1 - math.exp(min(0.0, features.get("not_there", -math.inf))))


def says_not_there(features: Mapping[str, float], side: SideGate) -> Judged | None:
    """Whether the model, asked only that, says that the documents do not; None: it does not.

    Where a confidence was learned, that weighs it together with the rest.
    """
    if side.logistic is not None or "not_there" not in features:
        return None
    chance = math.exp(features["not_there"])
    if chance <= side.rules.not_there:
        return None
    why = f"the model thinks it not in the documents, with probability {chance:.2f}"
    return Judged(given=False, why=why, confidence=1 - chance)


def _by_rules(features: Mapping[str, float], side: SideGate) -> tuple[bool, str]:
    rules = side.rules
    if (support := features.get("support", 0.0)) < rules.support:
        return False, f"{support:.0%} of the quoted words stand in the passages"
    if (near := features.get("near", 1.0)) < rules.near:
        return False, f"{near:.0%} of the question's words stand near the quote"
    return True, "its words stand in the passages"
