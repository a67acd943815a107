"""What a calibration is to bring about."""

import re
from typing import Literal

import msgspec

from sprat.policies.spec import Kind, Mode, Policy, Side, Verify

Aim = Literal["right", "worth"]
"""`policies.spec.Decision.aim`."""

_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")
_SOURCE = re.compile(r"^(?:scripted|foundry|hf):")
_MOST_CHARS = 64


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """The kind of policy, and what it must keep to: an error or a budget."""

    name: str
    small: str
    large: str
    kind: Kind = "cascade"
    mode: Mode = "buffer"
    probe_tokens: int = 16
    target_error: float | None = 0.1
    """Share of wrong answers among the accepted ones; None: there is a budget instead."""
    budget: float | None = None
    """Share of what the large model costs, in dollars where all is priced, else in seconds; None:
    there is a target instead."""
    delta: float = 0.05
    seed: int = 0
    self_check: bool = False
    sample: bool = False

    @property
    def aim(self) -> Aim:
        """A budget is spent best where escalating gains most for its cost, not where doubt is."""
        return "right" if self.budget is None else "worth"


def asks_more(policy: Policy) -> bool:
    """Whether it asks what a comparison does not record: readings, revisions, checks."""
    decision = policy.decision
    return policy.kind in {"verify", "refine"} or decision.self_check or decision.sample


def blank(wish: Wish) -> Policy:
    """The policy before anything was learned."""
    policy = Policy(
        name=wish.name,
        kind=wish.kind,
        mode=wish.mode,
        probe_tokens=wish.probe_tokens,
        small=Side(model=wish.small),
        large=Side(model=wish.large),
        verify=Verify(how="accept"),
        sampling={"temperature": 0.0},
    )
    decision = msgspec.structs.replace(
        policy.decision, aim=wish.aim, self_check=wish.self_check, sample=wish.sample
    )
    return msgspec.structs.replace(policy, decision=decision)


def name_of(small: str, large: str) -> str:
    """A name for the policy of two models: their own, without what no file name holds."""
    short = (_SOURCE.sub("", model).removesuffix(".toml") for model in (small, large))
    return _STRANGE.sub("-", "-".join(short)).strip("-._")[:_MOST_CHARS] or "policy"
