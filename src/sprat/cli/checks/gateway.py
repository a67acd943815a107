"""The gateway's port: who has it; a gateway that runs: whom it answers, and how warm it is."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.settings import ServeSettings, Settings

if TYPE_CHECKING:
    from sprat.serve.port import Owner

GATEWAY_PORT = 5273


def check_port(settings: Settings) -> Iterable[Check]:
    """Who has the gateway's port, which is also Foundry Local's usual one."""
    from sprat.serve.port import answers, is_sprat, owner_of, url_of

    host, port = _address(settings)
    url = f"{url_of(host, port)}/v1"
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if not answers(host, port):
        yield ok("Port", f"{where} is free for sprat serve")
    elif is_sprat(host, port):
        yield ok("Port", f"a Sprat gateway answers at {url}")
    elif f":{port}" in os.environ.get("FOUNDRY_LOCAL_ENDPOINT", ""):
        yield ok("Port", f"{where} is in use, by the FOUNDRY_LOCAL_ENDPOINT that is set")
    else:
        other = f"sprat serve --port {port + 1 if port < 65_535 else GATEWAY_PORT}"
        yield _taken(where, url, other, owner_of(host, port))


def _taken(where: str, url: str, other: str, owner: "Owner | None") -> Check:
    from sprat.engines.foundry.service.seen import look

    if look(url).is_foundry:
        fix = f"Choose another one: {other}. To use its models: FOUNDRY_LOCAL_ENDPOINT={url}"
        return note("Port", f"{where} is taken by Foundry Local's service", fix=fix)
    who = f"process {owner.pid}, {owner.name}" if owner else "a process of another user"
    return note("Port", f"{where} is taken by {who}", fix=f"Choose another one: {other}")


def check_gateway(settings: Settings) -> Iterable[Check]:
    """A running gateway lets in the pages that the settings name, and has a model in memory."""
    from sprat.serve.port import answers, is_sprat, url_of

    host, port = _address(settings)
    if not answers(host, port) or not is_sprat(host, port):
        return
    root = url_of(host, port)
    yield from _pages(root, settings.serve)
    yield from _warmth(root, settings.serve)


def _address(settings: Settings) -> tuple[str, int]:
    return settings.serve.host, settings.serve.port or GATEWAY_PORT


def _pages(root: str, serve: ServeSettings) -> Iterable[Check]:
    """Which of the origins in the settings the gateway that runs refuses (CORS)."""
    from sprat.engines.glance import glance

    for origin in serve.origins:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        seen = glance(f"{root}/healthz", headers=headers)
        if seen.headers.get("access-control-allow-origin") == origin:
            yield ok("Pages", f"those of {origin} may ask {root}")
        else:
            yield fault(
                "Pages",
                f"the gateway at {root} refuses pages of {origin} (CORS, {seen.outcome})",
                fix="Start it again, so that it reads sprat.toml; or give it to it: "
                f"sprat serve --origin {origin}",
            )
    if not serve.origins:
        yield ok("Pages", f"only those of {root} itself may ask; others: sprat serve --origin URL")


def _warmth(root: str, serve: ServeSettings) -> Iterable[Check]:
    from sprat.engines.glance import glance
    from sprat.serve.guard.key import headers_of

    said: Any = glance(f"{root}/api/models", headers=headers_of(serve), within_s=2.0).json
    states: Any = cast("dict[str, Any]", said).get("models") if isinstance(said, dict) else None
    if not isinstance(states, list):
        return  # it wants another key: what is in its memory is not ours to know
    warm = [str(s["name"]) for s in cast("list[dict[str, Any]]", states) if s["state"] == "loaded"]
    if warm:
        yield ok("In memory", f"{', '.join(warm)}, of the gateway at {root}")
    else:
        yield note(
            "In memory",
            f"the gateway at {root} has no model loaded: the first answer waits for one",
            fix="Warm one up: sprat models warm NAME, or start with: sprat serve --load NAME",
        )
