"""Refuses, before anything else runs, what must not reach a model.

Whoever can reach the port of a loopback server is a process of this machine, or a page in one of
its browsers. Processes are told apart by the key alone; pages by `Host` (no rebinding), `Origin`
and the browser's own word (no foreign page), and by JSON being asked for (no form can send it
without a pre-flight). So a request that changes anything has the key, where one is set, and comes
from no page, or from one of an allowed origin. Why so: docs/decisions/gateway-guard.md.
"""

from collections.abc import Sequence

from sprat.serve.asgi import App, Receive, Scope, Send, respond_problem
from sprat.serve.guard.bind import check_bound
from sprat.serve.guard.content import check_content
from sprat.serve.guard.head import Head, head_of
from sprat.serve.guard.hosts import check_host, hosts_of
from sprat.serve.guard.key import Key, key_of
from sprat.serve.guard.notice import Notice
from sprat.serve.guard.origins import check_origin, origins_of
from sprat.serve.guard.preflight import is_preflight, permission
from sprat.serve.guard.security import VARY, Pairs, readable_by, secured
from sprat.serve.guard.target import check_target
from sprat.serve.problem import BadRequest, problem_of
from sprat.serve.router import Router
from sprat.serve.routes.table import Route
from sprat.settings import ServeSettings

_BEARER = (b"www-authenticate", b'Bearer realm="sprat"')
_BASIC = (b"www-authenticate", b'Basic realm="sprat (any name, the key as password)"')


class Guard:
    """An application that passes on to `app` only what may pass."""

    def __init__(
        self,
        app: App,
        settings: ServeSettings,
        address: tuple[str, int],
        routes: Sequence[Route],
    ) -> None:
        """Guard `app` on a socket that is bound to `address` (host, port).

        Raises:
            SettingsError: an allowed host or origin, or the key, does not make sense.
            UsageError: other machines reach the address, and the key is missing or too short.
        """
        key = key_of(settings)
        check_bound(address[0], key)
        hosts = hosts_of(settings, *address)
        self._app = app
        self._key = None if key is None else Key(key)
        self._hosts = frozenset(host.encode() for host in hosts)
        self._origins = origins_of(settings, hosts)
        self._router = Router(routes)
        self._methods = ", ".join(sorted({"HEAD"} | {route.method for route in routes})).encode()
        self._body_bytes = settings.body_bytes
        self._notice = Notice()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer with what is wrong."""
        further: Pairs = [VARY]
        sending = secured(send, further)
        try:
            head = head_of(scope["headers"])
            origin = head.get(b"origin")
            if origin in self._origins:
                further += readable_by(origin)
            if self._settled(scope, head):
                await _grant(sending, permission(head, self._methods))
                return
        except BadRequest as refusal:
            await self._refuse(scope, sending, refusal)
            return
        await self._app(scope, receive, sending)

    def _settled(self, scope: Scope, head: Head) -> bool:
        """Check a request; whether it was a pre-flight, which needs no key and goes no further.

        Raises:
            BadRequest: it must not pass.
        """
        method: str = scope["method"]
        check_target(scope["raw_path"])
        check_host(head.get(b"host"), self._hosts)
        check_origin(method, head, self._origins)
        _refuse_upgrade(head)
        if is_preflight(method, head):
            return True
        if self._key is not None:
            route = self._router.peek(method, scope["path"])
            if route is None or not route.open:
                basic = route is not None and route.basic
                self._key.check(head.get(b"authorization"), basic=basic)
        check_content(method, head, self._body_bytes)
        return False

    async def _refuse(self, scope: Scope, send: Send, refusal: BadRequest) -> None:
        if refusal.code in {"origin_not_allowed", "host_not_allowed"}:
            self._notice.say(str(refusal))
        elif refusal.code == "invalid_api_key":
            self._notice.say("Refused a request without the gateway's key.")
        challenge = self._challenge(scope) if refusal.status == 401 else ()
        await respond_problem(send, problem_of(refusal), challenge)

    def _challenge(self, scope: Scope) -> Pairs:
        """What the key may come as; for pages the one first that browsers ask a person for."""
        route = self._router.peek(scope["method"], scope["path"])
        return [_BASIC, _BEARER] if route is not None and route.basic else [_BEARER]


def _refuse_upgrade(head: Head) -> None:
    if head.get(b"upgrade", b"").lower() == b"websocket":
        raise BadRequest("There are no WebSockets here.", code="no_websockets")


async def _grant(send: Send, headers: Pairs) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
