"""What the gateway says about itself: `/status`, `/docs`, `/openapi.json`."""

import asyncio
import re
from functools import cache, lru_cache
from typing import Any

from sprat.serve.asgi import header, respond
from sprat.serve.reference.page import HTML, headers, rendered
from sprat.serve.routes.table import Call
from sprat.serve.wire.form import encode

_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}").fullmatch


async def openapi(call: Call) -> None:
    """The OpenAPI document."""
    await respond(call.send, 200, await asyncio.to_thread(_json))


async def docs(call: Call) -> None:
    """The same document, for people."""
    page = await asyncio.to_thread(_docs, _base(call), call.gateway.settings.locked)
    await respond(call.send, 200, page, headers(), HTML)


async def status(call: Call) -> None:
    """What is running, and how to ask it. Who has no key learns no names of models."""
    locked = call.gateway.settings.locked
    offers = [] if locked else await call.gateway.offered.all()
    gateway = call.gateway
    known = [] if locked else [*gateway.standings, *gateway.policy_standings()]
    standings = {one.source: one for one in known}
    page = await asyncio.to_thread(_status, _base(call), locked, offers, standings)
    await respond(call.send, 200, page, headers(), HTML)


def _base(call: Call) -> str:
    """The address by which the reader came here."""
    host = (header(call.scope, b"host") or b"").decode("latin-1")
    return f"http://{host}" if _HOST(host) else "http://127.0.0.1:5273"


@cache
def _document() -> dict[str, Any]:
    from sprat.serve.reference.openapi import document
    from sprat.serve.routes import ROUTES  # the table names this module

    return document(ROUTES)


@cache
def _json() -> bytes:
    return encode(_document())


@lru_cache(maxsize=8)
def _docs(base: str, locked: bool) -> bytes:
    from sprat.serve.reference.html import groups_of, types_of

    document = _document()
    return rendered(
        "docs.html.j2",
        base=base,
        locked=locked,
        info=document["info"],
        groups=groups_of(document, base),
        types=types_of(document),
    )


def _status(base: str, locked: bool, offers: list[Any], standings: dict[str, Any]) -> bytes:
    from sprat import __version__
    from sprat.serve.reference.examples import EXAMPLES, MODEL
    from sprat.serve.reference.html import curl

    here = [offer for offer in offers if offer.on_disk is not False]
    first = next((one.name for one in here if not one.embeds), MODEL)
    path = "/v1/chat/completions"
    return rendered(
        "status.html.j2",
        base=base,
        locked=locked,
        version=__version__,
        offers=here,
        standings=standings,
        absent=[offer.name for offer in offers if offer.on_disk is False],
        curl=curl(base, "POST", path, EXAMPLES[path] | {"model": first}),
    )
