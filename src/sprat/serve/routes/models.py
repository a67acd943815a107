"""`GET /v1/models`: what can be asked for now. `/api/models`: what is loaded, load, unload."""

import asyncio
import time
from typing import Literal

import msgspec

from sprat.measure.clock import now_ns
from sprat.measure.memory import rss_bytes, tree_of
from sprat.serve.asgi import respond
from sprat.serve.body import read_body
from sprat.serve.models.names import Served
from sprat.serve.models.offered import Offer
from sprat.serve.models.slot import Standing, State
from sprat.serve.routes.table import Call
from sprat.serve.wire.fields import read
from sprat.serve.wire.form import encode


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model that can be asked for, as OpenAI lists it."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]


class ModelState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model stands. Null is "not known"."""

    name: str
    state: State
    task: str
    """`chat` or `embedding`."""
    where: str
    """`local`, `endpoint` or `policy`."""
    on_disk: bool | None
    """Whether its weights are here; null for an endpoint's; of a policy, whether it can be used."""
    answering: int
    """Requests that have a place."""
    waiting: int
    """Requests in line."""
    load_s: float | None = None
    memory_bytes: int | None = None
    idle_s: float | None = None
    """Since it was last asked; null when it is not loaded."""


class ModelStates(msgspec.Struct, frozen=True, kw_only=True):
    """Every model by name."""

    models: tuple[ModelState, ...]


class NoBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


_STARTED = int(time.time())
_UNLOADED = Standing(name="", source="", state="unloaded", answering=0, waiting=0)


async def list_models(call: Call) -> None:
    """What can be asked for now."""
    offers = await call.gateway.offered.all()
    data = tuple(_model(offer) for offer in offers if offer.on_disk is not False)
    await respond(call.send, 200, encode(ModelList(data=data)))


async def show_model(call: Call) -> None:
    """One model by name."""
    served = call.gateway.names.find(call.name)
    if served.where == "policy":
        await asyncio.to_thread(call.gateway.policies.files.refuse_unusable, served)
    await respond(call.send, 200, encode(_model(served)))


def _model(known: Offer | Served) -> Model:
    return Model(id=known.name, created=_STARTED, owned_by=known.owner)


async def list_states(call: Call) -> None:
    """Where every model stands."""
    offers = await call.gateway.offered.all()
    known = [*call.gateway.standings, *call.gateway.policy_standings()]
    standings = {standing.source: standing for standing in known}
    states = await asyncio.to_thread(_states, offers, standings)
    await respond(call.send, 200, encode(ModelStates(models=states)))


async def load_model(call: Call) -> None:
    """Load a model now: answered when it is loaded."""
    await empty_body(call)
    call.gateway.refuse_when_stopping()
    served = call.gateway.names.find(call.name)
    await _respond(call, served, await call.gateway.pool_of(served).load(served))


async def unload_model(call: Call) -> None:
    """Free what a model takes."""
    await empty_body(call)
    served = call.gateway.names.find(call.name)
    await _respond(call, served, await call.gateway.pool_of(served).unload(served))


async def empty_body(call: Call) -> None:
    """Read a body that says nothing.

    Raises:
        BadRequest: it says something.
    """
    raw = await read_body(call.scope, call.receive, call.gateway.settings.body_bytes)
    read(raw or b"{}", NoBody)


async def _respond(call: Call, served: Served, standing: Standing) -> None:
    def look() -> ModelState:
        return _state(call.gateway.offered.of(served), standing)

    await respond(call.send, 200, encode(await asyncio.to_thread(look)))


def _states(offers: list[Offer], standings: dict[str, Standing]) -> tuple[ModelState, ...]:
    return tuple(_state(offer, standings.get(offer.source)) for offer in offers)


def _state(offer: Offer, standing: Standing | None) -> ModelState:
    """Reads memory from the system: called in a thread."""
    known = standing or _UNLOADED
    since = known.idle_since_ns
    return ModelState(
        name=offer.name,
        state=known.state,
        task="embedding" if offer.embeds else "chat",
        where=offer.where,
        on_disk=offer.on_disk,
        answering=known.answering,
        waiting=known.waiting,
        load_s=known.load_s,
        memory_bytes=rss_bytes(tree_of(known.pids)),
        idle_s=None if since is None else (now_ns() - since) / 1e9,
    )
