"""A policy in plain words, a line for each thing that somebody wants to know."""

from collections.abc import Iterator
from typing import Any, cast

from sprat.policies.spec import Policy, Side

_WHAT = {
    "cascade": "the small model answers; the large one where that is not good enough",
    "refine": "the small model drafts; the large one improves",
    "verify": "the small model drafts; the large one reads",
    "fallback": "the small model answers; the large one stands in",
    "shadow": "the small model answers; the large one watches",
}


def lines(policy: Policy) -> Iterator[tuple[str, str]]:
    """Label and text of every line."""
    yield "policy", f"{policy.name} ({policy.kind}): {_WHAT[policy.kind]}"
    yield "small", _side(policy.small)
    yield "large", _side(policy.large)
    yield "decides", _decides(policy)
    yield from (("gate", gate) for gate in _gates(policy))
    rest = policy.fallback
    yield (
        "breaker",
        f"{rest.failures} failures in a row: left alone for {rest.cool_down_s:g} s, then tried",
    )
    yield "certified", _certified(policy.certificate)
    yield from (("refused", why) for why in refused_of(policy))
    yield from _evaluated(policy.evaluation)
    if policy.created:
        yield "created", policy.created


def refused_of(policy: Policy) -> tuple[str, ...]:
    """Why its calibration would not have written it, but for --force; empty: it is worth having."""
    said = (policy.evaluation or {}).get("refused")
    return tuple(map(str, cast("list[Any]", said))) if isinstance(said, list) else ()


def _side(side: Side) -> str:
    return f"{side.model}, and no other weights" if side.identity else side.model


def _decides(policy: Policy) -> str:
    if policy.kind == "refine":
        return _refines(policy)
    if policy.kind == "fallback":
        return _falls_back(policy)
    if policy.kind == "shadow":
        return _shadows(policy)
    if policy.kind == "verify" and policy.verify.how != "accept":
        return _reads(policy)
    when = {
        "buffer": "after the draft",
        "pre": "before anything is drafted, from the prompt",
        "probe": f"after {policy.probe_tokens} tokens of the draft",
    }[policy.mode]
    return f"{when}: {_confidence(policy)}"


def _confidence(policy: Policy) -> str:
    decision = policy.decision
    if decision.logistic is None:
        never = "; nothing is accepted" if decision.threshold is None else ""
        return f"by rules, uncalibrated{never}"
    extra = " and ".join(
        name
        for name, on in (("a self-check", decision.self_check), ("a sample", decision.sample))
        if on
    )
    whose = "the large model's reading of it" if policy.kind == "verify" else "it"
    what = "the prompt" if policy.mode == "pre" else whose
    learned = f"{len(decision.logistic.features)} features of {what}{f', {extra}' if extra else ''}"
    sampling = ", ".join(f"{name} {value}" for name, value in policy.sampling.items())
    if decision.threshold is None:
        return "nothing is accepted, however sure"
    return (
        f"accepted from a confidence of {decision.threshold:.3f} on, learned from {learned}"
        f"{f' at {sampling}' if sampling else ''}"
    )


def _refines(policy: Policy) -> str:
    rules = policy.refine
    if rules.when == "always":
        return "every draft is refined"
    flagged = "those with a fault" + "".join(
        f", with {flag!r} in the prompt" for flag in rules.flags
    )
    return (
        f"drafts of {rules.min_chars} characters and {flagged}" if rules.when == "long" else flagged
    )


def _falls_back(policy: Policy) -> str:
    rules, timeout_s = policy.rules, policy.fallback.timeout_s
    reasons = ["an error"]
    reasons += [f"no answer within {timeout_s:g} s"] if timeout_s else []
    reasons += [f"under {rules.min_chars} characters"] if rules.min_chars else []
    reasons += ['"I don\'t know" or a refusal'] if rules.unknown else []
    reasons += ["cut off"] if rules.cut_off else []
    reasons += ["not the form asked for"] if rules.schema else []
    return f"after the draft: {', '.join(reasons)}"


def _shadows(policy: Policy) -> str:
    shadow = policy.shadow
    watched = ", and how sure the small one is" if shadow.baseline else ""
    return (
        f"{shadow.share:.0%} of the requests are compared{watched}; alarm above "
        f"{shadow.most_disagreement:.0%} differing of the latest {shadow.window}"
    )


def _reads(policy: Policy) -> str:
    if policy.verify.how == "exact":
        return "the large model's own answer, its draft read instead of written"
    nats = policy.verify.tolerance
    return f"the draft up to the first token that the large model finds {nats:g} nats worse"


def _gates(policy: Policy) -> Iterator[str]:
    gates = policy.gates
    yield f"conversations with tools: the {gates.tools} model"
    if gates.most_chars is not None:
        yield f"prompts over {gates.most_chars} characters: the large model"
    if gates.stay_here:
        yield "nothing leaves this machine"
    if gates.private:
        yield f"conversations with one of {len(gates.private)} private patterns stay here"
    if gates.budget_usd is not None:
        yield f"the large model may cost {gates.budget_usd:g} USD in 24 hours"


def _certified(certificate: dict[str, Any] | None) -> str:
    if certificate is None:
        return "no"
    target, delta = certificate.get("target_error"), certificate.get("delta")
    if not isinstance(target, (int, float)) or not isinstance(delta, (int, float)):
        return ", ".join(_scalars(certificate)) or "yes"
    return (
        f"at most {target:.1%} of the accepted answers are wrong, with {1 - delta:.0%} confidence: "
        f"{certificate.get('errors')} of {certificate.get('accepted')} were"
    )


def _evaluated(evaluation: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if evaluation is None:
        yield "measured", "no: sprat policy evaluate"
        return
    for name in ("score", "gap", "saved", "apgr", "harm", "waste", "auroc"):
        found = evaluation.get(name)
        if isinstance(found, dict):
            yield "measured", f"{name} {_interval(cast('dict[str, Any]', found))}"
    if held := ", ".join(_scalars(evaluation)):
        yield "measured", held


def _interval(found: dict[str, Any]) -> str:
    value, low, high = (found.get(key) for key in ("value", "low", "high"))
    if not isinstance(value, (int, float)):
        return "not known"
    if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
        return f"{value:.3f}"
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _scalars(facts: dict[str, Any]) -> Iterator[str]:
    for name, value in facts.items():
        if isinstance(value, float):
            yield f"{name} {value:.3f}"
        elif isinstance(value, (str, int)):
            yield f"{name} {value}"
