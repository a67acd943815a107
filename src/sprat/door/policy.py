"""A policy's file → an engine over two engines, if they are those that it was made for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sprat.engines.base import Engine
from sprat.errors import PolicyError, SpratError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.models.names import PolicyFile, Source
    from sprat.models.progress import Progress
    from sprat.policies.attempt import Price
    from sprat.policies.spec import Policy, Side, Which

SIDES: "tuple[Which, Which]" = ("small", "large")
_BESIDE = {"licence", "provider", "threads"}
"""What may differ where the weights are the same: it changes a logarithm's last digits."""


def open_policy(
    source: "PolicyFile",
    settings: Settings,
    progress: "Progress | None" = None,
    *,
    reuse_prefix: bool = False,
) -> Engine:
    """Both models are fetched and held against the file; nothing is loaded yet. Blocks.

    Raises:
        PolicyError: the file cannot be used, or was calibrated for other weights.
        SpratError: a side that cannot be opened: as `open_engine`.
    """
    from sprat.door.opening import open_source
    from sprat.policies.engine import PolicyEngine
    from sprat.policies.file import read_policy

    policy = read_policy(source.path)
    found = {which: side_of(policy, which, settings) for which in SIDES}
    price = price_of(policy, settings)
    checked(policy, found["large"], policy.large.model, price)
    small, large = (
        open_source(found[which], settings, progress, reuse_prefix=reuse_prefix) for which in SIDES
    )
    check_sides(policy, settings)
    return PolicyEngine(
        policy,
        small,
        large,
        name=source.name,
        price=price,
        away=frozenset(which for which in SIDES if is_away(found[which])),
    )


def price_of(policy: "Policy", settings: Settings) -> "Price":
    """What an answer of either side costs, by the settings' prices."""
    from sprat.cost import Prices

    prices = Prices(settings)
    for which in SIDES:  # reads a list of prices, if need be: now rather than between two answers
        prices.basis(getattr(policy, which).model)
    return prices.of


def checked(policy: "Policy", large: "Source", name: str, price: "Price") -> None:
    """Refuse what cannot work here whatever the weights are: for the terminal and the gateway.

    `name`: the large model's, as `price` knows it and as whoever asked may be told.

    Raises:
        PolicyError: the large model cannot read drafts, and must; a budget cannot be watched.
    """
    check_reads(policy, large)
    _check_budget(policy, name, price)


def _check_budget(policy: "Policy", large: str, price: "Price") -> None:
    from sprat.types import Timing, Usage

    if policy.gates.budget_usd is None:
        return
    second = Timing(scheduled_ns=0, sent_ns=0, done_ns=10**9)
    if price(large, Usage(1, 1), second) is None:
        raise PolicyError(
            f"{policy.name} has a budget, but {large} has no price here.",
            fix="Declare one under [cost] in sprat.toml: docs/cost.md.",
        )


def side_of(policy: "Policy", which: "Which", settings: Settings) -> "Source":
    """What one side's name means here.

    Raises:
        PolicyError: it is a policy itself, or means nothing here.
    """
    from sprat.models.names import PolicyFile, resolve_answering

    side: Side = getattr(policy, which)
    try:
        found = resolve_answering(side.model, settings)
    except SpratError as error:
        message = f"The {which} model of {policy.name}: {error.message}"
        raise PolicyError(message, fix=error.fix) from error
    if isinstance(found, PolicyFile):
        raise PolicyError(
            f"The {which} model of {policy.name} is {side.model}: a policy of policies.",
            fix="Name two models.",
        )
    return found


def portable(policy: "Policy", settings: Settings) -> "Policy":
    """The same, with the whole paths of models that are files: it is used from other folders.

    Raises:
        PolicyError: a side that means nothing here.
    """
    import msgspec

    sides: dict[str, Any] = {}
    for which in SIDES:
        side: Side = getattr(policy, which)
        path = getattr(side_of(policy, which, settings), "path", None)
        if path is not None:
            scheme = "scripted:" if side.model.startswith("scripted:") else ""
            sides[which] = msgspec.structs.replace(side, model=f"{scheme}{path.absolute()}")
    return msgspec.structs.replace(policy, **sides)


def check_sides(policy: "Policy", settings: Settings) -> None:
    """Refuse models other than those that the policy was calibrated for. Blocks: it may fetch.

    Raises:
        PolicyError: a model has other weights, or another address, now.
        ModelError: a model's weights cannot be read.
    """
    from sprat.door.identity import identity

    for which in SIDES:
        side: Side = getattr(policy, which)
        if side.identity and not same_weights(side.identity, identity(side.model, settings)):
            raise PolicyError(
                f"{policy.name} was calibrated for other weights: its {which} model {side.model} "
                "is not the one of then.",
                fix="Calibrate it again: sprat calibrate",
            )


def same_weights(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two identities are of one model; provider, threads and licence may differ."""
    return _weights(then) == _weights(now)


def _weights(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {what: value for what, value in identity.items() if what not in _BESIDE}


def check_reads(policy: "Policy", large: "Source") -> None:
    """Refuse a `verify` policy whose large model cannot read drafts.

    Raises:
        PolicyError: it is behind an address, or Foundry Local's.
    """
    from sprat.models.names import EndpointModel, FoundryModel

    if policy.kind == "verify" and isinstance(large, (EndpointModel, FoundryModel)):
        raise PolicyError(
            f"{policy.name} lets its large model read drafts, and {large.name} cannot: only models "
            "that Sprat computes itself can.",
            fix="Name another large model, or make a cascade: sprat policy new cascade",
        )


def is_away(source: "Source") -> bool:
    """Whether what this model is asked leaves this machine."""
    from sprat.models.names import EndpointModel

    return isinstance(source, EndpointModel) and not source.endpoint.is_here
