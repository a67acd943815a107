"""What an evaluation of a policy found. Reports and `--json` show exactly this."""

from typing import Any, Literal

import msgspec

from sprat.policies.curve import Spot
from sprat.policies.measures import Bin
from sprat.policies.resample import Estimate

Unit = Literal["seconds", "usd"]


class PathLine(msgspec.Struct, frozen=True, kw_only=True):
    """The questions that were answered by one path; means over them, None where unknown."""

    path: str
    """`accepted`, `escalated`, `direct`, `degraded`; `all` for the whole."""
    n: int
    share: float
    score: float | None
    first_token_s: float | None
    """Median seconds until the first token of the answer that was kept."""
    seconds: float
    """Mean seconds of all attempts together."""
    cost_usd: float | None


class SideLine(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two models alone on the same questions."""

    model: str
    score: float
    right: float
    """Share of right answers."""
    seconds: float
    first_token_s: float | None
    cost_usd: float | None


class Curves(msgspec.Struct, frozen=True, kw_only=True):
    """Mean score against mean cost: the policy at every threshold, and what it is held against."""

    unit: Unit
    policy: tuple[Spot, ...]
    oracle: tuple[Spot, ...]
    """Who knows which drafts are right: no confidence can do better."""
    small: Spot
    large: Spot
    """Random escalation is the straight line between these two."""
    chosen: Spot
    """Where the policy's own threshold lies."""


class RiskSpot(msgspec.Struct, frozen=True):
    """Accepting the surest share of the drafts, so many of those are wrong."""

    coverage: float
    risk: float


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """How well the confidence tells right drafts from wrong ones."""

    calibrated: bool
    """Whether it was learned; else it follows rules."""
    auroc: Estimate
    """0.5: not at all; 1: always."""
    error: float | None
    """Expected calibration error, 0..1; None for rules."""
    bins: tuple[Bin, ...]
    risk: tuple[RiskSpot, ...]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One policy on one set of recorded questions."""

    schema: int = 1
    policy: str
    kind: str
    mode: str
    threshold: float | None
    """Accepted from this confidence on; None: nothing is."""
    questions: str
    """Name of the set."""
    n: int
    left_out: int
    """Questions without a score on both sides."""
    held_out: bool | None
    """Whether the policy never saw them; None: it does not say which it saw."""
    small: SideLine
    large: SideLine
    paths: tuple[PathLine, ...]
    score: Estimate
    gap: Estimate
    """Policy minus large model, score."""
    saved: Estimate
    """Share of the large model's cost that was not spent; below 0: more was spent."""
    apgr: Estimate
    """Average performance gap recovered, with the policy's own cost; random escalation has 0.5."""
    lead: Estimate
    """At its own threshold, score above random escalation at the same cost."""
    harm: Estimate
    """Share of questions whose draft was right and whose final answer is wrong."""
    waste: Estimate
    """Share of questions whose draft was paid for and thrown away."""
    enough: Spot | None
    """The cheapest threshold within one point of the large model's score; None: there is none."""
    judgement: Judgement
    curves: Curves
    warnings: tuple[str, ...] = ()


class Calibrated(msgspec.Struct, frozen=True, kw_only=True):
    """What `sprat calibrate` found, whether or not a policy was written."""

    schema: int = 1
    name: str
    small: str
    large: str
    questions: str
    splits: dict[str, int]
    """How many questions each split has."""
    target_error: float | None
    """Share of wrong answers among the accepted ones; None: a budget was to be kept instead."""
    budget: float | None
    """Share of what the large model costs, in `Curves.unit`; None: a target was to be kept."""
    floor: float | None
    """The share that even an oracle must escalate for the target; None: no target."""
    small_error: float
    """Of the small model, on the tune split."""
    certificate: dict[str, Any] | None
    """What was certified, an error or a budget; None: nothing was."""
    refusals: tuple[str, ...]
    """Why no policy should come of it, one line each; empty: it is worth having."""
    evaluation: Evaluation
    budgeted: dict[str, Any] | None = None
    """What was chosen for the budget, and what it costs; None: a target was to be kept to."""
    file: str | None = None
    """Where the policy was written."""
