"""Every route, and 500 ways to ask: nothing gets around the one choke point."""

import itertools
import re
from functools import partial

import msgspec
import pytest
from tests.serve.raw import Answer, chat_body, request, say
from tests.serve.running import At, gateway, serving

from sprat.serve import server
from sprat.serve.app import build_app
from sprat.serve.asgi import respond
from sprat.serve.routes import ROUTES
from sprat.serve.routes.table import Call, Route

KEY = "a-key-of-more-than-16-characters"
JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": f"Bearer {KEY}"}


class Spy:
    """Stands in for every handler and notes who was reached."""

    def __init__(self) -> None:
        self.reached: list[tuple[str, str]] = []

    def routes(self) -> tuple[Route, ...]:
        return tuple(
            msgspec.structs.replace(route, handler=partial(self._handle, route)) for route in ROUTES
        )

    async def _handle(self, route: Route, call: Call) -> None:
        self.reached.append((route.method, route.path))
        await respond(call.send, 200, b"{}")


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    spy = Spy()
    monkeypatch.setattr(server, "build_app", partial(build_app, routes=spy.routes()))
    return spy


async def ask(at: At, route: Route, host: str = "127.0.0.1:PORT", **headers: str) -> Answer:
    path = re.sub(r"\{[a-z]+\}", "echo", route.path)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = b"{}" if route.method == "POST" else None
    return await say(at, request(route.method, path, named, body, host=host))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_no_route_is_reached_around_the_guard(tmp_path, spy: Spy, route: Route):
    async with gateway(serving(tmp_path, key=KEY)) as at:
        fine = {**JSON, **BEARER}
        refused = [
            await ask(at, route, host="evil.example", **fine),
            await ask(at, route, **fine, Origin="http://evil.example"),
            await ask(at, route, **fine, Origin="null"),
            await ask(at, route, **fine, Sec_Fetch_Site="cross-site"),
            await ask(at, route, **fine, Upgrade="websocket", Connection="Upgrade"),
            await ask(at, route, **fine, Content_Encoding="gzip"),
            await ask(at, route, **fine, Transfer_Encoding="chunked, gzip"),
        ]
        assert [a.status for a in refused] == [403, 403, 403, 403, 400, 415, 400]
        if not route.open:
            assert (await ask(at, route, **JSON)).status == 401
            assert (await ask(at, route, **JSON, Authorization="Bearer no")).status == 401
        if route.method != "GET":
            assert (await ask(at, route, **BEARER)).status == 415
            assert (await ask(at, route, **BEARER, Content_Type="text/plain")).status == 415
        assert spy.reached == []
        assert (await ask(at, route, **fine)).status == 200
        assert spy.reached == [(route.method, route.path)]


def test_what_is_open_changes_nothing():
    assert {route.method for route in ROUTES if route.open} == {"GET"}
    asking = {route.path for route in ROUTES if route.method == "POST" or "models" in route.path}
    by_hash = {"/api/web/models/{model}/{path}"}  # tests/serve/test_web_files.py
    assert asking & {route.path for route in ROUTES if route.open} == by_hash


HOSTS = (
    "127.0.0.1:PORT",
    "localhost:PORT",
    "evil.example",
    "localhost.:PORT",
    "127.0.0.1:PORT.evil.example",
)
ORIGINS = (None, "http://localhost:3000", "http://localhost:PORT", "null", "https://evil.example")
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
PATHS = ("/v1/models", "/v1/chat/completions", "/api/models/echo/load", "/healthz")
COMBINATIONS = tuple(itertools.product(HOSTS, ORIGINS, METHODS, PATHS))

MAY_PASS = {
    ("127.0.0.1:PORT", None), ("127.0.0.1:PORT", "http://localhost:3000"),
    ("127.0.0.1:PORT", "http://localhost:PORT"), ("localhost:PORT", None),
    ("localhost:PORT", "http://localhost:3000"), ("localhost:PORT", "http://localhost:PORT"),
}  # fmt: skip
"""Written out by hand: who is answered at all."""
THERE = {
    ("GET", "/v1/models"), ("POST", "/v1/chat/completions"), ("POST", "/api/models/echo/load"),
    ("GET", "/healthz"),
}  # fmt: skip


def expected(host: str, origin: str | None, method: str, path: str, *, keyed: bool) -> int:
    """What a reader of the documentation expects."""
    if (host, origin) not in MAY_PASS:
        return 403
    if keyed and (method, path) != ("GET", "/healthz"):
        return 401
    return 200 if (method, path) in THERE else 405


@pytest.mark.parametrize("keyed", [False, True])
async def test_500_combinations_do_what_the_table_says_and_nothing_else(tmp_path, keyed: bool):
    assert len(COMBINATIONS) == 500
    settings = serving(tmp_path, origins=("http://localhost:3000",), key=KEY if keyed else None)
    async with gateway(settings) as at:
        asked = 0
        for host, origin, method, path in COMBINATIONS:
            port = at.url.rpartition(":")[2]
            marks = {} if origin is None else {"Origin": origin}
            body = None if method in {"GET", "OPTIONS"} else b"{}"
            if path == "/v1/chat/completions" and body:
                body = chat_body()
            loaded = [standing.state for standing in at.gateway.standings]
            answer = await say(at, request(method, path, {**JSON, **marks}, body, host=host))
            due = expected(host, origin, method, path, keyed=keyed)
            assert answer.status == due, (host, origin, method, path)
            readable = answer.headers.get("access-control-allow-origin")
            good_origin = origin in {"http://localhost:3000", "http://localhost:PORT"}
            assert readable == (origin.replace("PORT", port) if good_origin else None)
            if due == 200:
                asked += path == "/v1/chat/completions"
            else:
                assert [standing.state for standing in at.gateway.standings] == loaded
                assert b"echo" not in answer.body.replace(path.encode(), b"")
                assert b"Hello there" not in answer.body
            assert at.gateway.ledger.accepted == asked
        assert asked == (0 if keyed else 6)
