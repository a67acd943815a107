"""What stands in front of Chainlit: who may ask, how much, and what a browser may load.

Chainlit itself lets every page of every site call it, and its own page loads fonts and styles from
elsewhere. Here a page of another site is refused, and nothing is loaded but from here.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from sprat.chat.caller import CALLER, caller_of

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES = 40 * 2**20
MOST_STRANGE_BYTES = 2**16
"""Of one who is not signed in: bodies are taken, to the disk if need be, before it is asked who."""
_CLOSED = re.compile(
    r"/(?:docs|redoc|openapi\.json|mcp|copilot|auth/oauth|auth/jwt|slack|teams|project/share|"
    r"project/thread/share|project/action|project/element)(?:/|$)"
).match
"""What this chat does not use. By `project/element` anybody signed in could write into, or take out
of, anybody's chat whose identifiers are known."""
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """An ASGI application around another one."""

    def __init__(
        self,
        app: Application,
        *,
        hosts: frozenset[str] | None,
        scripts: list[str],
        knows: Callable[[Mapping[bytes, str]], bool],
    ) -> None:
        """`hosts`: what it may be called; None: it listens to other machines too, by any name.

        `scripts`: the hashes of the page's own inline scripts. `knows`: whether somebody signed in
        sends these headers.
        """
        self._app, self._knows = app, knows
        self._hosts = hosts
        self._scripts = " ".join(f"'sha256-{one}'" for one in scripts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, with the headers that bind a browser."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        most = MOST_BODY_BYTES if self._knows(headers) else MOST_STRANGE_BYTES
        status = self._refused(scope, headers, most)
        if status is None:
            CALLER.set(caller_of(scope.get("client")))
            await self._app(scope, _bounded(receive, most), self._with_headers(send, headers))
        elif scope["type"] == "http":
            await _answer(send, status)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refused(self, scope: Scope, headers: dict[bytes, str], most_bytes: int) -> int | None:
        host = headers.get(b"host", "").lower()
        if self._hosts is not None and host not in self._hosts:
            return 403  # another name for this address: DNS rebinding
        origin = headers.get(b"origin")
        if origin is not None and origin.lower().partition("://")[2] != host:
            return 403  # a page of another site
        if headers.get(b"sec-fetch-site") == "cross-site" and not _is_visit(headers):
            return 403
        if _CLOSED(scope["path"]):
            return 404
        length = headers.get(b"content-length", "0")
        return 413 if not length.isdecimal() or int(length) > most_bytes else None

    def _with_headers(self, send: Send, headers: dict[bytes, str]) -> Send:
        policy = self._policy(headers.get(b"host", ""))

        async def sending(event: Event) -> None:
            if event["type"] == "http.response.start":
                own = list(event.get("headers") or [])
                if not any(name.lower() == b"content-security-policy" for name, _ in own):
                    own.append((b"content-security-policy", policy.encode()))
                event["headers"] = [*own, *_HEADERS]
            await send(event)

        return sending

    def _policy(self, host: str) -> str:
        """`unsafe-eval`: Chainlit draws elements of an app's own (our sources) by it."""
        return "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self' 'unsafe-eval' {self._scripts}".rstrip(),
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "media-src 'self' blob:",
                "font-src 'self' data:",
                f"connect-src 'self' ws://{host} wss://{host}",
                "worker-src 'self' blob:",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )


def _is_visit(headers: dict[bytes, str]) -> bool:
    """Somebody followed a link to here."""
    return headers.get(b"sec-fetch-mode") == "navigate"


def _bounded(receive: Receive, most_bytes: int) -> Receive:
    """A body without a length is cut off where it becomes too large."""
    taken = 0

    async def receiving() -> Event:
        nonlocal taken
        event = await receive()
        if event["type"] == "http.request":
            taken += len(event.get("body", b""))
            if taken > most_bytes:
                return {"type": "http.disconnect"}
        return event

    return receiving


async def _answer(send: Send, status: int) -> None:
    words = {403: "Not from there.", 404: "Not here.", 413: "Too large."}[status]
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{words}\n".encode()})
