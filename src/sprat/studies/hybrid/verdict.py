"""Whether a policy is worth having: its confidence over all thresholds, and the one it has."""

from sprat.studies.hybrid.result import Evaluation

CHANCE = 0.5
"""The APGR of random escalation."""


def beats_chance(found: Evaluation) -> bool:
    """Whether its confidence escalates better than chance, over all thresholds."""
    return found.apgr.low is not None and found.apgr.low > CHANCE


def leads(found: Evaluation) -> bool:
    """Whether it is above random escalation at its own threshold."""
    return found.lead.low is not None and found.lead.low > 0


def pays(found: Evaluation) -> bool:
    """Whether it costs less than the large model alone, or scores more."""
    return (found.saved.value or 0.0) > 0 or (found.gap.value or 0.0) > 0


def objections(found: Evaluation) -> list[str]:
    """Why it is not worth having, a sentence each; empty: it is."""
    if found.apgr.value is None:
        return ["The large model is no better here, or no dearer: use one of the two alone."]
    said: list[str] = []
    if not beats_chance(found):
        said.append(_no_better(found))
    if not pays(found):
        said.append(_too_dear(found))
    elif not leads(found):
        said.append(_no_lead(found))
    return said


def _no_better(found: Evaluation) -> str:
    low = found.apgr.low
    from_ = "is not known" if low is None else f"begins at {low:.2f}"
    return (
        f"It does not beat random escalation: APGR {found.apgr.value:.2f}, whose interval {from_}; "
        f"random has {CHANCE:.2f}."
    )


def _too_dear(found: Evaluation) -> str:
    spent = "" if found.saved.value is None else f"costs {1 - found.saved.value:.0%} of it and "
    return (
        f"At its threshold {found.large.model} alone is as good: the policy {spent}scores no more."
    )


def _no_lead(found: Evaluation) -> str:
    if {line.path for line in found.paths} <= {"accepted", "all"}:
        return f"It escalates nothing: use {found.small.model} alone."
    low = found.lead.low
    from_ = "is not known" if low is None else f"begins at {low:+.3f}"
    return (
        f"At its threshold it is not shown to beat random escalation of the same cost: "
        f"{found.lead.value:+.3f} in score, whose interval {from_}."
    )
