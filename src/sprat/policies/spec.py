"""A policy as data: what a policy file holds, field by field. Its form on disk: `policies.file`."""

from typing import Annotated, Any, Literal

import msgspec

from sprat.policies.logistic import Logistic

FORMAT = 1

Kind = Literal["cascade", "refine", "verify", "fallback", "shadow"]
Mode = Literal["buffer", "pre", "probe"]
Which = Literal["small", "large"]

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Side(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the two models."""

    model: str
    """A model name, as anywhere else."""
    identity: dict[str, Any] = {}
    """What its answers were when the policy was calibrated: `door.identity`. Empty: any will do."""


class Gates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that come before everything else, and cost nothing."""

    tools: Which = "large"
    """Who answers a conversation with tools: one model, from its first call to its last."""
    most_chars: Count | None = None
    """A prompt longer than this goes to the large model; None: only what does not fit the small
    one's context does."""
    stay_here: bool = False
    """Nothing ever goes to a model that is not on this machine."""
    private: tuple[str, ...] = ()
    """Regular expressions: a conversation in which one is found never leaves this machine."""
    budget_usd: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """What the large model may cost in any 24 hours; afterwards the small one answers alone."""


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes an answer doubtful where there are no log-probabilities, and for `fallback`."""

    min_chars: Count = 1
    """A shorter answer is too short."""
    unknown: bool = True
    """"I don't know" and refusals."""
    cut_off: bool = True
    """The answer was ended by its token limit."""
    schema: bool = True
    """It is not of the JSON form that was asked for."""


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a draft is good enough."""

    logistic: Logistic | None = None
    """The confidence; None: `Rules` alone, which are labelled as uncalibrated."""
    aim: Literal["right", "worth"] = "right"
    """What the confidence is of: that the draft is right; or that keeping it pays better than
    escalating, for its cost (`policies.worth`), which is no probability of being right."""
    threshold: Share | None = 0.5
    """Accepted from this confidence on; None (`null`): nothing ever is, however sure."""
    uncalibrated: Literal["escalate", "accept"] = "escalate"
    """An answer that the learned confidence cannot judge (other sampling than it was calibrated
    for, or no log-probabilities) is escalated; or `accept`: from the same threshold on, though that
    was chosen and certified for others. Says nothing without a `logistic`."""
    self_check: bool = False
    """The small model is asked whether its own answer is right; its yes is a feature."""
    sample: bool = False
    """A second answer is drawn at temperature 0.7; how alike they are is a feature."""

    def accepts(self, confidence: float) -> bool:
        """Whether so much confidence is enough."""
        return self.threshold is not None and confidence >= self.threshold

    def can_judge(self, *, calibrated: bool) -> bool:
        """Whether such a confidence decides; else the answer is escalated."""
        return calibrated or self.logistic is None or self.uncalibrated == "accept"

    def judged(self, confidence: float) -> str:
        """The same in a few words."""
        if self.threshold is None:
            return f"confidence {confidence:.3f}, and none is enough"
        relation = "is at least" if self.accepts(confidence) else "is below"
        return f"confidence {confidence:.3f} {relation} {self.threshold:.3f}"


class Refine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the large model improves the draft (S11)."""

    when: Literal["long", "flagged", "always"] = "long"
    """`long`: drafts of `min_chars` and more, and flagged ones; `flagged`: those that `Rules` find
    fault with or whose prompt holds one of `flags`."""
    min_chars: Count = 600
    flags: tuple[str, ...] = ()
    """Words of a prompt, in any case, that ask for the large model's care."""


class Verify(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the large model uses the draft."""

    how: Literal["exact", "accept", "keep"] = "accept"
    """`exact`: the large model's own greedy answer, the draft only saves time. `accept`: it reads
    the draft; `Decision` over what it thinks of it keeps the draft, else as `exact`. `keep`: the
    draft up to the first token that it thinks `tolerance` nats worse than its own."""
    tolerance: Annotated[float, msgspec.Meta(ge=0)] = 2.0


class Fallback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the other model is asked instead, and how long a failing one is left alone."""

    timeout_s: Seconds | None = None
    """The small model's whole answer, its checks too, must come within this, from where it begins;
    waiting for it may take as long before."""
    failures: Annotated[int, msgspec.Meta(ge=1)] = 3
    """So many failures in a row, and the model is not asked for `cool_down_s`; then one request
    tries it."""
    cool_down_s: Seconds = 30.0


class Shadow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the large model watches the small one that serves."""

    share: Share = 0.1
    """Of the requests, chosen by a hash of the conversation, the large model answers too."""
    window: Annotated[int, msgspec.Meta(ge=10)] = 50
    """So many shadowed answers, or confidences, are looked at together; then the next ones."""
    most_disagreement: Share = 0.5
    """Alarm: the share of disagreeing answers is above this. At a share that is not, there is
    ever an alarm with probability 0.05 at most, however long it watches."""
    agree_f1: Share = 0.5
    """Two answers agree from this token F1 on."""
    baseline: tuple[float, ...] = ()
    """Confidences when the policy was calibrated, sorted; alarm: those of a window are not from the
    same distribution (Kolmogorov-Smirnov; ever a false one: 0.001 at most). Empty: not watched."""


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides. The same file is evaluated, certified and served."""

    format: Annotated[int, msgspec.Meta(ge=1)] = FORMAT
    name: str
    kind: Kind
    small: Side
    large: Side
    mode: Mode = "buffer"
    """When it decides: after the draft; before it (`pre`), from the prompt alone; after
    `probe_tokens` of it."""
    probe_tokens: Annotated[int, msgspec.Meta(ge=1)] = 16
    gates: Gates = Gates()
    rules: Rules = Rules()
    decision: Decision = Decision()
    refine: Refine = Refine()
    verify: Verify = Verify()
    fallback: Fallback = Fallback()
    shadow: Shadow = Shadow()
    sampling: dict[str, Any] = {}
    """The sampling it was calibrated for: `{"temperature": 0.0}`, say. Empty: any."""
    certificate: dict[str, Any] | None = None
    """What was certified, on how many answers of which questions, at which confidence."""
    evaluation: dict[str, Any] | None = None
    """What was measured on held-out questions."""
    created: str = ""
    """ISO 8601, UTC."""
    sha256: str = ""
    """Over everything above: `policies.file`."""

    @property
    def needs_logprobs(self) -> bool:
        """Whether a draft without log-probabilities is never kept, whatever it says."""
        decides = self.kind == "cascade" and self.mode != "pre"
        return decides and not self.decision.can_judge(calibrated=False)
