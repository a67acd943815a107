"""Whether an answer may be given: the rules first, then the confidence."""

import math
from collections.abc import Mapping

import msgspec

from sprat.rag.document import Retrieved
from sprat.rag.gate import Gate, Rules, SideGate
from sprat.rag.terms import share, terms


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an answer at the gate."""

    given: bool
    why: str
    confidence: float | None = None
    """Learned, or by rule: 0 to 1."""
    calibrated: bool = False


def far_off(retrieved: Retrieved, gate: Gate) -> str | None:
    """Why no model is asked: nothing that was found can answer; None: something may."""
    if not retrieved.found:
        return "no passage shares a word with the question"
    if (best := retrieved.found[0].score) < gate.least_score:
        return f"the best passage fits by {best:.2f} only"
    there = {term for one in retrieved.found for term in terms(one.passage.text)}
    shared = share(terms(retrieved.query), there)
    near = max((one.dense for one in retrieved.found if one.dense is not None), default=-1.0)
    if shared >= gate.least_asked or near >= gate.near_dense:
        return None
    return f"{shared:.0%} of the question's words stand in any passage found"


def stays_silent(features: Mapping[str, float], side: SideGate) -> float | None:
    """The probability that the documents do not say it, where it is so high that it is the end."""
    if side.silent is None or side.silent_from is None:
        return None
    chance = side.silent.probability(features)
    return chance if chance >= side.silent_from else None


def judge(features: Mapping[str, float], side: SideGate) -> Judged:
    """Judge an answer by its features, all those that are known by now."""
    confidence, calibrated = confidence_of(features, side), side.logistic is not None
    given, why = by_rules(features, side.rules)
    if given and (calibrated or side.threshold is None):
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


def by_rules(features: Mapping[str, float], rules: Rules) -> tuple[bool, str]:
    """Whether an answer has what it must have, and why not."""
    if (support := features.get("support", 0.0)) < rules.support:
        return False, f"{support:.0%} of the quoted words stand in the passages"
    least = min(rules.own, rules.support)
    if (own := features.get("own_support", 1.0)) < least:
        return False, f"{own:.0%} of the answer's words and numbers stand in the passage"
    least = max(
        rules.near, min(rules.near_unquoted, rules.support) if "unquoted" in features else 0.0
    )
    if (near := features.get("near", 1.0)) < least:
        return False, f"{near:.0%} of the question's words stand near the words that it rests on"
    return True, "its words stand in the passages"
