"""When an answer from documents is given, when it goes to the large model, and when to nobody.

A gate is data, like a policy: made by `sprat calibrate --docs`, kept in a signed file, the same for
evaluation, terminal and chat. Without a file `Gate()` follows rules, and says so.
"""

from typing import Annotated, Any, Literal

import msgspec

from sprat.policies.logistic import Logistic
from sprat.rag.prompt import Form

FORMAT = 1

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Which = Literal["small", "large"]


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an answer must have, whatever a learned confidence says of it."""

    support: Share = 0.8
    """The quote's words, or the answer's own, must stand in a passage: this share of them."""
    near: Share = 0.0
    """This share of the question's content words must stand there, or just before."""
    not_there: Share = 0.5
    """A model that gives "not in the documents" more probability than this has said so. Only where
    no confidence was learned, which weighs it itself."""


class SideGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one model must do for its answer to be given."""

    model: str = ""
    identity: dict[str, Any] = {}
    """What its answers were when this was calibrated: `door.identity`. Empty: any will do."""
    form: Form | None = None
    """None: what the model can do, by its name: `form_of`."""
    tokens: Annotated[int, msgspec.Meta(ge=100, le=100_000)] = 1200
    """Of passages, in a prompt."""
    decide: Literal["quote", "answer"] = "quote"
    """When: as soon as the quoted line is there, so that the rest streams; or after the answer,
    which tells more. With the form `sentence` always after it."""
    rules: Rules = Rules()
    logistic: Logistic | None = None
    """The confidence; None: rules alone."""
    threshold: Share | None = 0.5
    """Given from this confidence on; None (`null`): never."""
    certificate: dict[str, Any] | None = None
    """What was certified of the threshold."""


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides about an answer from documents."""

    format: Annotated[int, msgspec.Meta(ge=1)] = FORMAT
    name: str = "rules"
    least_score: Share = 0.05
    """The best passage must fit the question at least so well, or no model is asked."""
    small: SideGate = SideGate(tokens=700)
    large: SideGate = SideGate()
    evaluation: dict[str, Any] | None = None
    """What was measured when it was calibrated."""
    created: str = ""
    """ISO 8601, UTC."""
    sha256: str = ""
    """Over everything above: `rag.gatefile`."""

    @property
    def calibrated(self) -> bool:
        """Whether a confidence was learned for one of the models at least."""
        return self.small.logistic is not None or self.large.logistic is not None


_CANNOT_COPY = ("smollm2-135m", "smollm2-360m")
"""Models too small to quote: asked to, they recite the example. Measured: docs/rag.md."""


def form_of(side: SideGate, model: str) -> Form:
    """How a model is asked."""
    if side.form is not None:
        return side.form
    return "sentence" if any(name in model.casefold() for name in _CANNOT_COPY) else "quote"
