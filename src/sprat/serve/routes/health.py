"""`/healthz`: the process answers. `/readyz`: it takes requests. `/metrics`: what it counted."""

from collections.abc import Iterator

import msgspec

from sprat.serve.asgi import respond
from sprat.serve.gateway import Gateway
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


def _reasons(gateway: Gateway) -> Iterator[str]:
    if gateway.stopping:
        yield "stopping"
    loaded = {standing.name for standing in gateway.standings if standing.state == "loaded"}
    for name, why in gateway.awaited.items():
        if name not in loaded:
            yield f"{name} {why}"
