"""When an answer from documents is given, when it goes to the large model, and when to nobody.

A gate is data, like a policy: made by `sprat calibrate --docs`, kept in a signed file, the same for
evaluation, terminal and chat. Without a file `Gate()` follows rules, and says so.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from sprat.errors import PolicyError
from sprat.policies.logistic import Logistic
from sprat.policies.signed import Kind, digest, read, write
from sprat.rag.prompt import Form

FORMAT = 2
"""1 was learned from scores without closeness: `fuse.RANKING`."""
_GATE = Kind(
    name="gate",
    format=FORMAT,
    missing="Name a file that sprat calibrate --docs wrote, or leave --gate out.",
    made_by="sprat calibrate --docs writes such files; their fields: docs/rag.md.",
)

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Which = Literal["small", "large"]


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an answer must have, whatever a learned confidence says of it."""

    support: Share = 0.8
    """The quote's words, or the answer's own, must stand in a passage: this share of them."""
    own: Share = 0.5
    """This share of the answer's own content words must stand in the passage, but no more than
    `support`; and every one of its numbers: without one of them the share is 0."""
    near: Share = 0.0
    """This share of the question's content words must stand there, or just before."""
    near_unquoted: Share = 0.5
    """The same of an answer that quotes nothing: its words alone may stand anywhere."""
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
    tokens: Annotated[int, msgspec.Meta(ge=100, le=100_000)] = 900
    """Of passages, in a prompt, by `rag.tokens`: reading them is most of what an answer takes."""
    decide: Literal["quote", "answer"] = "quote"
    """When: as soon as the quoted line is there, so that the rest streams; or after the answer,
    which tells more. With the form `sentence` always after it."""
    rules: Rules = Rules()
    logistic: Logistic | None = None
    """The confidence; None: rules alone."""
    threshold: Share | None = 0.5
    """Given from this confidence on; None (`null`): never."""
    silent: Logistic | None = None
    """The probability that the documents do not say it, whoever is asked; None: not learned."""
    silent_from: Share | None = None
    """From there on nobody else is asked; None: whoever comes next always is."""
    certificate: dict[str, Any] | None = None
    """What was certified of the threshold."""


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides about an answer from documents."""

    format: Annotated[int, msgspec.Meta(ge=1)] = FORMAT
    name: str = "rules"
    least_score: Share = 0.05
    """The best passage must fit the question at least so well, or no model is asked."""
    least_asked: Share = 0.25
    """Of the question's content words so many must stand in the passages, or no model is asked;
    unless vectors find one near, which know other words for the same."""
    near_dense: Annotated[float, msgspec.Meta(ge=-1, le=1)] = 0.4
    """From this cosine on a passage is near. MiniLM: unrelated texts stay below 0.3 or so."""
    small: SideGate = SideGate(tokens=700)
    large: SideGate = SideGate()
    evaluation: dict[str, Any] | None = None
    """What was measured when it was calibrated."""
    created: str = ""
    """ISO 8601, UTC."""
    sha256: str = ""
    """Over everything above: `signed`."""

    @property
    def calibrated(self) -> bool:
        """Whether a confidence was learned for one of the models at least."""
        return self.small.logistic is not None or self.large.logistic is not None


_SIZE = re.compile(r"(?<![\d.])(\d{1,4}(?:\.\d+)?)([bm])(?![a-z0-9])")
"""Parameters, as names have them: 135m, 0.5b, 1.5b."""
_CANNOT_COPY = 3e9
"""Smaller models answer worse when they must quote first, and longer. Measured: docs/rag.md."""


def unlearned(side: SideGate) -> SideGate:
    """The same by its rules alone: for what it was not calibrated for."""
    return msgspec.structs.replace(side, logistic=None, silent=None, silent_from=None)


def form_of(side: SideGate, model: str) -> Form:
    """How a model is asked."""
    if side.form is not None:
        return side.form
    size = _SIZE.search(model.casefold())
    if size is None:
        return "quote"
    parameters = float(size[1]) * (1e9 if size[2] == "b" else 1e6)
    return "sentence" if parameters < _CANNOT_COPY else "quote"


def read_gate(path: Path) -> Gate:
    """The gate in `path`.

    Raises:
        PolicyError: no such file; it is no gate; it was edited after it was signed.
    """
    data = read(path, _GATE)
    _check_scores(path, data.get("format", FORMAT))
    try:
        gate = msgspec.convert(data, Gate)
        check(gate)
    except (msgspec.ValidationError, PolicyError) as error:
        said = str(error).rstrip(".")
        raise PolicyError(f"{path} is no gate: {said}.", fix=_GATE.made_by) from error
    if gate.sha256 != digest(data):
        raise PolicyError(
            f"{path} was edited after it was signed.", fix="Calibrate again: sprat calibrate --docs"
        )
    return gate


def _check_scores(path: Path, found: object) -> None:
    if isinstance(found, int) and found < FORMAT:
        raise PolicyError(
            f"{path} is of format {found}: passages are scored otherwise since it was learned.",
            fix="Calibrate again: sprat calibrate --docs",
        )


def check(gate: Gate) -> None:
    """Refuse what the types alone let through.

    Raises:
        PolicyError: a confidence that cannot be computed.
    """
    for which, side in (("small", gate.small), ("large", gate.large)):
        for what, logistic in (("logistic", side.logistic), ("silent", side.silent)):
            if logistic is not None:
                _check_logistic(f"{which}.{what}", logistic)


def _check_logistic(where: str, logistic: Logistic) -> None:
    sizes = {len(logistic.features), len(logistic.centres), len(logistic.scales)}
    if sizes != {len(logistic.weights)}:
        raise PolicyError(f"{where}: its lists are not of one length")
    if not all(logistic.scales):
        raise PolicyError(f"{where}: a scale is zero")


def signed(gate: Gate) -> Gate:
    """The same, with the hash of what it says now."""
    return msgspec.structs.replace(gate, sha256=digest(msgspec.to_builtins(gate)))


def write_gate(gate: Gate, path: Path) -> None:
    """Sign and write it: all of the new file is there, or what was there before.

    Raises:
        PolicyError: it makes no sense, or the file cannot be written.
    """
    check(gate)
    write(path, signed(gate))
