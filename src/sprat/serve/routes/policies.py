"""`/api/policies`: what each policy is, how it fares, how it is told to begin anew; its file."""

import asyncio
from typing import Any

import msgspec

from sprat.door.policy import SIDES
from sprat.errors import PolicyError, SpratError, UnknownModel
from sprat.policies.engine import HalfStanding, PolicyStanding
from sprat.policies.spec import Kind, Mode, Side, Which
from sprat.serve.asgi import respond
from sprat.serve.gateway import Gateway
from sprat.serve.models.names import POLICY, Served
from sprat.serve.models.policies import Opened
from sprat.serve.models.policy_files import Known
from sprat.serve.routes.models import empty_body
from sprat.serve.routes.table import Call
from sprat.serve.wire.form import encode


class SideState(msgspec.Struct, frozen=True, kw_only=True):
    """One of a policy's two models."""

    model: str
    """Its name."""
    away: bool
    """Whether it is not on this machine: what is private never goes there."""
    failures: int = 0
    """In a row, up to now."""
    left_alone_s: float | None = None
    """How much longer it is not asked; null: it is asked."""
    last_error: str | None = None
    """Of the last failure in that row."""
    mute: bool = False
    """It refused to tell log-probabilities, and is not asked for them; a reset ends that."""


class ShadowState(msgspec.Struct, frozen=True, kw_only=True):
    """What a shadow has seen since its reset."""

    compared: int
    """Answers that both models gave."""
    disagreed: int
    """Of the latest comparisons, how many differ."""
    latest: int
    """How many comparisons that is of."""
    skipped: int
    """Chosen for a comparison that did not come about."""
    running: int
    """Comparisons under way."""


class PolicyState(msgspec.Struct, frozen=True, kw_only=True):
    """A policy, and how it fares. Null is "not known", or "not so"."""

    name: str
    usable: bool
    """Whether it can be asked now."""
    why: str | None = None
    """Why not."""
    kind: Kind | None = None
    """`cascade`, `refine`, `verify`, `fallback` or `shadow`."""
    mode: Mode | None = None
    """When it decides: `buffer`, after the draft; `pre`, before it; `probe`, at its beginning."""
    small: SideState | None = None
    """The model that drafts."""
    large: SideState | None = None
    """The model that answers what the small one cannot."""
    alarm: str | None = None
    """Why the large model answers everything now; a reset ends that."""
    budget_usd: float | None = None
    """What the large model may cost in any 24 hours."""
    spent_usd: float | None = None
    """What it cost in the last 24 hours; null: it was not asked, or an answer had no price."""
    shadow: ShadowState | None = None
    """Of a shadow that was asked."""
    certificate: dict[str, Any] | None = None
    """What was certified, on how many answers of which questions, at which confidence."""
    sha256: str | None = None
    """Of the policy's file, as it was signed."""


class PolicyStates(msgspec.Struct, frozen=True, kw_only=True):
    """Every policy by name."""

    policies: tuple[PolicyState, ...]


async def list_policies(call: Call) -> None:
    """Every policy, those that cannot be used too."""
    gateway = call.gateway
    states = await asyncio.to_thread(_states, gateway)
    await respond(call.send, 200, encode(PolicyStates(policies=states)))


async def reset_policy(call: Call) -> None:
    """Ask both models again, and forget a shadow's alarm."""
    await empty_body(call)
    served = _found(call.gateway, call.name)
    if (opened := call.gateway.policies.of(served)) is not None:
        opened.engine.reset()
    state = await asyncio.to_thread(_state, call.gateway, served)
    await respond(call.send, 200, encode(state))


async def show_file(call: Call) -> None:
    """A policy's file, byte for byte: its hash is over all of it."""
    raw = await asyncio.to_thread(_file, call.gateway, _found(call.gateway, call.name))
    await respond(call.send, 200, raw)


def _file(gateway: Gateway, served: Served) -> bytes:
    """Reads the disk: called in a thread.

    Raises:
        PolicyError: it cannot be used, or names a file of this machine.
    """
    files = gateway.policies.files
    known = files.known(served)
    for which in SIDES:
        side: Side = getattr(known.policy, which)
        if known.sides[which].name != side.model:  # a path: clients are told none
            raise PolicyError(
                f"{served.name} is for this gateway alone: its {which} model is a file of this "
                "machine.",
                fix=f'Ask the gateway for it: "model": "{served.name}".',
            )
    return files.file(served).read_bytes()


def _found(gateway: Gateway, name: str) -> Served:
    """A policy by its name in the API, or by the name of its file alone."""
    wanted = name if name.startswith(POLICY) or _is_policy(gateway, name) else f"{POLICY}{name}"
    return gateway.names.find(wanted)


def _is_policy(gateway: Gateway, name: str) -> bool:
    try:
        return gateway.names.find(name).where == "policy"
    except UnknownModel:
        return False


def _states(gateway: Gateway) -> tuple[PolicyState, ...]:
    listed = (served for served in gateway.names.listed() if served.where == "policy")
    return tuple(_state(gateway, served) for served in listed)


def _state(gateway: Gateway, served: Served) -> PolicyState:
    """Looks at the disk: called in a thread."""
    files = gateway.policies.files
    try:
        known = files.known(served)
        files.refuse_unusable(served)
    except SpratError as error:
        return PolicyState(name=served.name, usable=False, why=str(error))
    opened = gateway.policies.of(served)
    return _of(served, known, _standing_of(opened, known))


def _standing_of(opened: Opened | None, known: Known) -> PolicyStanding | None:
    """How it fares; None as long as nobody asked for it as it is now."""
    same = opened is not None and opened.known.policy.sha256 == known.policy.sha256
    return opened.engine.standing if opened and same else None


def _of(served: Served, known: Known, standing: PolicyStanding | None) -> PolicyState:
    policy = known.policy
    return PolicyState(
        name=served.name,
        usable=True,
        kind=policy.kind,
        mode=policy.mode,
        small=_side(known, "small", standing and standing.small),
        large=_side(known, "large", standing and standing.large),
        alarm=standing.alarm if standing else None,
        budget_usd=policy.gates.budget_usd,
        spent_usd=_spent_usd(standing) if standing else None,
        shadow=_shadow(standing) if standing else None,
        certificate=policy.certificate,
        sha256=policy.sha256,
    )


def _side(known: Known, which: Which, half: HalfStanding | None) -> SideState:
    return SideState(
        model=known.sides[which].name,
        away=which in known.away,
        failures=half.failures if half else 0,
        left_alone_s=half.left_alone_s if half else None,
        last_error=half.last_error if half else None,
        mute=half.mute if half else False,
    )


def _spent_usd(standing: PolicyStanding) -> float | None:
    """A sum of some would pass for the sum of all."""
    return None if standing.budget.unpriced else standing.budget.spent_usd


def _shadow(standing: PolicyStanding) -> ShadowState | None:
    seen = standing.shadow
    if seen is None:
        return None
    return ShadowState(
        compared=seen.compared,
        disagreed=seen.disagreed,
        latest=seen.of,
        skipped=seen.skipped,
        running=seen.running,
    )
