"""`/healthz`: the process answers. `/readyz`: it takes requests. `/metrics`: what it counted."""

import asyncio
from collections.abc import Iterator

import msgspec

from sprat.serve.asgi import respond
from sprat.serve.gateway import Gateway
from sprat.serve.observe.metrics import CONTENT_TYPE
from sprat.serve.observe.now import Snapshot, memory_of
from sprat.serve.routes.table import Call
from sprat.serve.wire.form import encode


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: str = "ok"
    server: str = "sprat"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests are taken; if not, why."""

    ready: bool
    reasons: tuple[str, ...] = ()


async def healthz(call: Call) -> None:
    """200 as long as the process answers."""
    await respond(call.send, 200, encode(Health()))


async def readyz(call: Call) -> None:
    """200 when requests are taken, 503 with the reasons otherwise."""
    reasons = tuple(_reasons(call.gateway))
    body = encode(Readiness(ready=not reasons, reasons=reasons))
    await respond(call.send, 503 if reasons else 200, body)


async def metrics(call: Call) -> None:
    """Everything that is counted, in Prometheus' text format."""
    gateway = call.gateway
    gateway.ledger.tell()  # what ended just now counts too
    standings = gateway.standings
    memory, own = await asyncio.to_thread(memory_of, standings)
    snapshot = Snapshot(
        standings=standings,
        memory=memory,
        own_memory=own,
        connections=gateway.connections(),
        ready=not any(_reasons(gateway)),
    )
    text = gateway.metrics.text(snapshot)
    await respond(call.send, 200, text, content_type=CONTENT_TYPE)


def _reasons(gateway: Gateway) -> Iterator[str]:
    if gateway.stopping:
        yield "stopping"
    standings = [*gateway.standings, *gateway.policy_standings()] if gateway.awaited else ()
    loaded = {standing.name for standing in standings if standing.state == "loaded"}
    for name, why in gateway.awaited.items():
        if name not in loaded:
            yield f"{name} {why}"
