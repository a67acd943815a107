"""Who may ask: Host, Origin, key, content. Over the wire."""

import logging

import pytest
from tests.serve.raw import Answer, chat_body, posted, request, say
from tests.serve.running import At, gateway, serving

KEY = "a-key-of-more-than-16-characters"


async def asked(at: At, method: str = "GET", path: str = "/v1/models", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await say(at, request(method, path, named))


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT"])
async def test_the_loopbacks_own_names_are_answered(at: At, host: str):
    assert (await say(at, request(host=host))).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:PORT", "127.0.0.1", "localhost", "127.0.0.1:1",
        "localhost.:PORT", "LOCALHOST:PORT", "Localhost:PORT", "127.0.0.1.:PORT", "127.1:PORT",
        "2130706433:PORT", "0x7f000001:PORT", "0177.0.0.1:PORT", "127.0.0.2:PORT", "0.0.0.0:PORT",
        "[::]:PORT", "[::ffff:127.0.0.1]:PORT", "[0:0:0:0:0:0:0:1]:PORT", "::1:PORT",
        "[::1%lo]:PORT", "user@127.0.0.1:PORT", "127.0.0.1:PORT@evil.example",
        "127.0.0.1:PORT:80", "127.0.0.1:0PORT", "127.0.0.1: PORT", "127.0.0.1:PORT/",
        "127.0.0.1:PORT,evil.example", "127.0.0.1.nip.io:PORT", "localhost.evil.example:PORT",
        "http://127.0.0.1:PORT", "127.0.0.1:PORT#", "*", "null", "", "127.0.0.1:PORT\t127.0.0.1",
        "①②⑦.⓪.⓪.①:PORT".encode().decode("latin-1"),
    ],
)  # fmt: skip
async def test_any_other_host_is_refused(at: At, host: str):
    answer = await say(at, request(path="/v1/models", host=host))
    assert answer.status in {400, 403}
    assert b"echo" not in answer.body


async def test_a_missing_host_and_two_hosts_are_refused(at: At):
    assert (await say(at, request(host=None))).status == 400
    twice = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: 127.0.0.1:PORT\r\n\r\n"
    assert (await say(at, twice)).status == 400


async def test_a_refused_host_is_told_the_setting(at: At):
    answer = await say(at, request(host="box:5273"))
    assert answer.status == 403
    assert 'hosts = ["box:5273"] under [serve]' in answer.error["message"]
    assert "--allow-host box:5273" in answer.error["message"]


async def test_an_allowed_host_is_answered_exactly(tmp_path):
    async with gateway(serving(tmp_path, hosts=("box.example:5273",))) as at:
        assert (await say(at, request(host="box.example:5273"))).status == 200
        assert (await say(at, request(host="box.example"))).status == 403
        assert (await say(at, request(host="a.box.example:5273"))).status == 403
        behind_tls = await asked(at, Origin="https://box.example:5273")
        assert behind_tls.status == 200


async def test_a_request_of_no_page_needs_no_origin(at: At):
    assert (await asked(at)).status == 200
    assert (await asked(at, Sec_Fetch_Site="none")).status == 200
    assert (await asked(at, Sec_Fetch_Site="same-origin")).status == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
async def test_the_gateways_own_pages_may_ask(at: At, name: str):
    answer = await asked(at, Origin=f"http://{name}:PORT")
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"].startswith(f"http://{name}:")


@pytest.mark.parametrize(
    "origin",
    [
        "null", "http://evil.example", "https://127.0.0.1:PORT", "http://127.0.0.1",
        "http://127.0.0.1:1", "http://LOCALHOST:PORT", "http://localhost:PORT/", "*", "",
        "http://localhost:PORT.evil.example", "http://evil.example#http://localhost:PORT",
        "http://localhost:PORT http://evil.example", "file://", "localhost:PORT", "http://localhost.:PORT",
    ],
)  # fmt: skip
async def test_any_other_page_is_refused_and_cannot_read_the_answer(at: At, origin: str):
    answer = await asked(at, Origin=origin)
    assert answer.status == 403
    assert answer.error["code"] == "origin_not_allowed"
    assert "access-control-allow-origin" not in answer.headers
    assert b"echo" not in answer.body


async def test_two_origins_are_refused(at: At):
    head = b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
    answer = await say(at, head + b"Origin: http://localhost:PORT\r\n" * 2 + b"\r\n")
    assert answer.status == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_what_another_site_embeds_is_refused(at: At, site: str):
    for mode, dest in (("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe")):
        answer = await asked(at, Sec_Fetch_Site=site, Sec_Fetch_Mode=mode, Sec_Fetch_Dest=dest)
        assert answer.status == 403
    link = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert (await asked(at, **link)).status == 200
    assert (await asked(at, "POST", "/api/models/echo/load", **link)).status == 403


async def test_an_allowed_page_reads_answers_and_errors(tmp_path):
    page = "http://localhost:3000"
    async with gateway(serving(tmp_path, origins=(page,))) as at:
        good = await asked(at, Origin=page, Sec_Fetch_Site="same-site")
        missing = await asked(at, path="/v1/models/nobody", Origin=page)
        wrong = await say(at, request("POST", "/v1/chat/completions", {"Origin": page}, b"{}"))
        streamed = await say(at, posted(chat_body(stream=True), Origin=page))
        other = await asked(at, Origin="http://localhost:3001")
    assert [a.status for a in (good, missing, wrong, streamed)] == [200, 404, 415, 200]
    for answer in (good, missing, wrong, streamed):
        assert answer.headers["access-control-allow-origin"] == page
        assert answer.headers["vary"] == "Origin"
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
    assert other.status == 403


async def test_a_preflight_of_the_official_client_is_granted_without_the_key(tmp_path):
    page = "http://localhost:3000"
    # What openai's JavaScript client sends in a browser.
    names = (
        "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,"
        "x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,"
        "x-stainless-runtime-version,x-stainless-timeout,openai-organization,openai-project"
    )
    async with gateway(serving(tmp_path, origins=(page,), key=KEY)) as at:
        asking = {
            "Origin": page,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": f"{names}, cookie",
            "Access-Control-Request-Private-Network": "true",
        }
        answer = await say(at, request("OPTIONS", "/v1/chat/completions", asking))
        asking["Origin"] = "http://evil.example"
        foreign = await say(at, request("OPTIONS", "/v1/chat/completions", asking))
        plain = await say(at, request("OPTIONS", "/v1/chat/completions", {"Origin": page}))
    granted = answer.headers["access-control-allow-headers"].split(", ")
    assert answer.status == 204
    assert granted == names.split(",")  # and no cookies
    assert answer.headers["access-control-allow-origin"] == page
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert int(answer.headers["access-control-max-age"]) > 0
    assert foreign.status == 403
    assert not [name for name in foreign.headers if name.startswith("access-control")]
    assert plain.status == 401  # no pre-flight


async def test_a_refused_page_is_explained_in_the_log_once(at: At, caplog):
    with caplog.at_level(logging.WARNING, "sprat.serve"):
        for _ in range(5):
            answer = await asked(at, Origin="https://x.example")
        await asked(at, Origin="https://y.example")
    line = (
        "Refused a page of https://x.example: its origin is not allowed. To allow it: "
        'origins = ["https://x.example"] under [serve] in sprat.toml, or --origin https://x.example'
    )
    said = [record.getMessage() for record in caplog.records]
    assert said.count(line) == 1
    assert answer.error["message"] == line
    assert len(said) == 2


async def test_a_thousand_origins_fill_neither_the_log_nor_memory(at: At, caplog):
    with caplog.at_level(logging.WARNING, "sprat.serve"):
        for number in range(200):
            await at.get("/v1/models", Origin=f"http://x{number}.example")
    assert len(caplog.records) == 64


@pytest.mark.parametrize(
    "sent",
    [None, "Bearer", "Bearer ", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x",
     f"Bearer {KEY[:-1]}", f"Bearer {KEY} {KEY}", f"Bearer {KEY.upper()}", "Bearer \xff"],
)  # fmt: skip
async def test_a_wrong_key_is_refused_everywhere_but_for_health(tmp_path, sent: str | None, caplog):
    async with gateway(serving(tmp_path, key=KEY)) as at:
        headers = {} if sent is None else {"Authorization": sent}
        for method, path in (("GET", "/v1/models"), ("GET", "/nothing"), ("DELETE", "/healthz")):
            answer = await asked(at, method, path, **headers)
            assert answer.status == 401
            assert answer.error["code"] == "invalid_api_key"
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (await asked(at, path="/healthz", **headers)).status == 200
        assert (await asked(at, "HEAD", "/readyz", **headers)).status == 200
    assert KEY[:8] not in caplog.text
    assert "wrong" not in caplog.text


async def test_the_key_opens(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    async with gateway(serving(tmp_path, key_env="MY_KEY")) as at:
        assert (await asked(at, Authorization=f"Bearer {KEY}")).status == 200
        assert (await asked(at, Authorization=f"bearer {KEY}")).status == 200
        assert (await asked(at)).status == 401


async def test_a_key_does_not_open_to_foreign_pages_or_names(tmp_path):
    async with gateway(serving(tmp_path, key=KEY)) as at:
        bearer = {"Authorization": f"Bearer {KEY}"}
        assert (await asked(at, Origin="http://evil.example", **bearer)).status == 403
        assert (await say(at, request(headers=bearer, host="evil.example"))).status == 403


@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
     "text/plain; application/json", "application/json, text/plain", "application/jsonp",
     "application/json; charset=utf-16", "application/json; charset=utf-8; x=y", "json"],
)  # fmt: skip
async def test_a_change_needs_json(at: At, kind: str | None):
    headers = {} if kind is None else {"Content-Type": kind}
    for path in ("/v1/chat/completions", "/api/models/echo/load"):
        answer = await say(at, request("POST", path, headers, chat_body()))
        assert answer.status == 415
    assert at.gateway.ledger.accepted == 0
    assert not at.gateway.standings


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8",
     'Application/JSON ; charset="utf-8"'],
)  # fmt: skip
async def test_json_in_any_spelling_is_taken(at: At, kind: str):
    head = {"Content-Type": kind}
    assert (await say(at, request("POST", "/v1/chat/completions", head, chat_body()))).status == 200


async def test_every_answer_is_marked_safe(at: At):
    answers = [
        await asked(at),
        await asked(at, path="/nothing"),
        await asked(at, "DELETE"),
        await asked(at, Origin="null"),
        await say(at, request(host="evil")),
        await say(at, b"nonsense\r\n\r\n"),
        await say(at, posted(chat_body())),
        await say(at, posted(chat_body(stream=True))),
    ]
    assert [a.status for a in answers] == [200, 404, 415, 403, 403, 400, 200, 200]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] in {"no-store", "no-cache"}


async def test_no_websockets(at: At):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    assert (await say(at, request(headers=upgrade))).status == 400
    # A client that merely offers HTTP/2 is answered in HTTP/1.1.
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}
    assert (await say(at, request(headers=offer))).status == 200


async def test_an_old_client_is_answered(at: At):
    old = b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1:PORT\r\n\r\n"
    assert (await say(at, old)).status == 200


async def test_a_wrong_method_is_told_the_right_ones(at: At):
    answer = await asked(at, "GET", "/v1/chat/completions")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert (await asked(at, "OPTIONS", "/healthz")).headers["allow"] == "GET"
