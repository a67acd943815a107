import pytest

from sprat.chat.caller import CALLER, caller_of
from sprat.chat.guard import MOST_BODY_BYTES, MOST_STRANGE_BYTES, Guard
from sprat.chat.server import hosts_for

OWN = hosts_for("127.0.0.1", 8000, ())


async def inner(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    taken = 0
    while True:
        event = await receive()
        taken += len(event.get("body", b""))
        if event["type"] == "http.disconnect":
            raise RuntimeError("the client has gone")
        if not event.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(taken).encode()})


async def ask(headers, *, path="/", kind="http", hosts=OWN, bodies=(b"",), known=True):
    sent = []
    coming = list(bodies)

    async def receive():
        body = coming.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(coming)}

    async def send(event):
        sent.append(event)

    scope = {
        "type": kind,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    guard = Guard(inner, hosts=hosts, scripts=["abc="], knows=lambda _: known)
    await guard(scope, receive, send)
    return sent


def status(sent):
    return sent[0].get("status", sent[0]["type"])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "127.0.0.1:8000"}, 200),
        ({"host": "localhost:8000", "origin": "http://localhost:8000"}, 200),
        ({"host": "LOCALHOST:8000"}, 200),
        ({"host": "[::1]:8000"}, 200),
        ({"host": "127.0.0.1:9000"}, 403),
        ({"host": "evil.example:8000"}, 403),
        ({}, 403),
        ({"host": "127.0.0.1:8000", "origin": "http://evil.example"}, 403),
        ({"host": "127.0.0.1:8000", "origin": "http://localhost:8000"}, 403),
        ({"host": "127.0.0.1:8000", "origin": "null"}, 403),
        ({"host": "127.0.0.1:8000", "sec-fetch-site": "cross-site"}, 403),
        (
            {
                "host": "127.0.0.1:8000",
                "sec-fetch-site": "cross-site",
                "sec-fetch-mode": "navigate",
            },
            200,
        ),
        ({"host": "127.0.0.1:8000", "content-length": str(MOST_BODY_BYTES + 1)}, 413),
        ({"host": "127.0.0.1:8000", "content-length": "-1"}, 413),
    ],
)
async def test_only_this_chats_own_page_may_ask(headers, expected):
    assert status(await ask(headers)) == expected


async def test_a_page_of_another_site_opens_no_socket():
    evil = {"host": "127.0.0.1:8000", "origin": "http://evil.example"}
    assert status(await ask(evil, kind="websocket")) == "websocket.close"
    own = {"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"}
    assert status(await ask(own, kind="websocket")) == "websocket.accept"


async def test_with_a_password_other_machines_ask_by_any_name_but_from_its_own_page_only():
    own = {"host": "box:8000", "origin": "http://box:8000"}
    assert status(await ask(own, hosts=None)) == 200
    foreign = {"host": "box:8000", "origin": "http://evil.example"}
    assert status(await ask(foreign, hosts=None)) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/openapi.json",
        "/mcp",
        "/copilot/x.js",
        "/auth/jwt",
        "/project/element",
        "/project/action",
        "/project/thread/share",
    ],
)
async def test_what_the_chat_does_not_use_is_closed(path):
    assert status(await ask({"host": "127.0.0.1:8000"}, path=path)) == 404
    assert status(await ask({"host": "127.0.0.1:8000"}, path="/project/threads")) == 200


async def test_a_body_without_a_length_is_cut_off():
    half = b"x" * (MOST_BODY_BYTES // 2)
    with pytest.raises(RuntimeError, match="has gone"):
        await ask({"host": "127.0.0.1:8000"}, bodies=(half, half, b"x"))
    assert status(await ask({"host": "127.0.0.1:8000"}, bodies=(half, half))) == 200


async def test_who_is_not_signed_in_sends_no_more_than_it_takes_to_do_so():
    small, large = b"x" * MOST_STRANGE_BYTES, {"content-length": str(MOST_STRANGE_BYTES + 1)}
    own = {"host": "127.0.0.1:8000"}
    assert status(await ask(own, bodies=(small,), known=False)) == 200
    assert status(await ask(own | large, known=False)) == 413
    assert status(await ask(own | large)) == 200
    with pytest.raises(RuntimeError, match="has gone"):
        await ask(own, bodies=(small, b"x"), known=False)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (("192.0.2.7", 5), "192.0.2.7"),
        (["2001:db8::1", 5], "2001:db8::/64"),
        (("2001:db8::ffff:1", 5), "2001:db8::/64"),
        (("2001:db8:0:1::1", 5), "2001:db8:0:1::/64"),
        (("::ffff:192.0.2.7", 5), "192.0.2.7"),
        (("testclient", 5), "testclient"),
        (None, ""),
    ],
)
def test_a_caller_is_an_address_or_a_network(client, expected):
    assert caller_of(client) == expected


async def test_what_is_asked_behind_it_knows_the_caller():
    heard = []

    async def app(scope, receive, send):
        heard.append(CALLER.get())

    scope = {"type": "http", "path": "/", "headers": [(b"host", b"127.0.0.1:8000")]}
    guard = Guard(app, hosts=OWN, scripts=[], knows=lambda _: False)
    await guard(scope | {"client": ("192.0.2.7", 5)}, None, None)
    assert heard == ["192.0.2.7"]


async def test_a_browser_is_told_to_load_nothing_from_elsewhere():
    sent = await ask({"host": "127.0.0.1:8000"})
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["script-src"] == "'self' 'unsafe-eval' 'sha256-abc='"
    assert policy["connect-src"] == "'self' ws://127.0.0.1:8000 wss://127.0.0.1:8000"
    assert not any("http" in value for value in policy.values())
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("bound", "allowed", "host", "expected"),
    [
        (("127.0.0.1", 80), (), "127.0.0.1", 200),
        (("127.0.0.1", 80), (), "localhost", 200),
        (("127.0.0.1", 80), (), "evil.example", 403),
        (("127.0.0.2", 8000), (), "127.0.0.2:8000", 200),
        (("127.0.0.1", 8000), (), "127.0.0.2:8000", 403),
        (("127.0.0.1", 8000), ("chat.example",), "chat.example", 200),
        (("::1", 8000), (), "[::1]:8000", 200),
    ],
)
async def test_it_answers_to_the_address_that_it_has_and_to_names_it_was_given(
    bound, allowed, host, expected
):
    own = {"host": host, "origin": f"http://{host}"}
    assert status(await ask(own, hosts=hosts_for(*bound, allowed))) == expected


def test_elsewhere_than_on_the_loopback_it_answers_to_any_name():
    assert hosts_for("192.0.2.7", 8000, ()) is None
