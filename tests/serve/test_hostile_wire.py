"""Broken, odd and endless HTTP: a 4xx or a closed connection, and the next one is served."""

import asyncio
import json

import pytest
from tests.serve.raw import (
    CHUNKED,
    GET,
    HOST,
    POST,
    chat_body,
    connect,
    port_of,
    posted,
    read_answer,
    request,
    say,
    still_answers,
)
from tests.serve.running import At, gateway, serving

HOSTILE = {
    "absolute": b"GET http://evil.example/v1/models HTTP/1.1\r\n" + HOST + b"\r\n",
    "absolute, own name": b"GET http://127.0.0.1:PORT/v1/models HTTP/1.1\r\n" + HOST + b"\r\n",
    "metadata": b"GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "two slashes": b"GET //evil.example/v1/models HTTP/1.1\r\n" + HOST + b"\r\n",
    "authority": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "connect to self": b"CONNECT 127.0.0.1:PORT HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "no slash": b"GET healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "backslash": b"GET /v1\\models HTTP/1.1\r\n" + HOST + b"\r\n",
    "high byte": b"GET /v1/mod\xffels HTTP/1.1\r\n" + HOST + b"\r\n",
    "nul": b"GET /v1/models\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "space": b"GET /v1/ models HTTP/1.1\r\n" + HOST + b"\r\n",
    "no method": b"/healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "odd method": b"FETCH /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http/3.7": b"GET /healthz HTTP/3.7\r\n" + HOST + b"\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64,
    "noise": bytes(range(256)) * 4,
    "bare cr in a value": GET + b"X: a\rSet-Cookie: b\r\n\r\n",
    "nul in a value": GET + b"X: a\0b\r\n\r\n",
    "folded": GET + b"X: a\r\n b\r\n\r\n",
    "space before colon": GET + b"Host : evil\r\n\r\n",
    "no colon": GET + b"nothing\r\n\r\n",
    "empty name": GET + b": x\r\n\r\n",
    "two hosts": GET + b"Host: evil.example\r\n\r\n",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "endless length": POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "the same length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "length, then chunks": POST + b"Content-Length: 4\r\n" + CHUNKED + b"0\r\n\r\n",
    "chunks, then length": POST + CHUNKED[:-2] + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\n" + CHUNKED + b"0\r\n\r\n",
    "chunked last but one": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "unknown coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "odd coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunk of no size": POST + CHUNKED + b"ZZ\r\n{}\r\n0\r\n\r\n",
    "chunk of negative size": POST + CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
    "chunk of endless size": POST + CHUNKED + b"f" * 30 + b"\r\n{}\r\n0\r\n\r\n",
    "chunk without an end": POST + CHUNKED + b"2\r\n{}x0\r\n\r\n",
    "endless trailer": POST + CHUNKED + b"2\r\n{}\r\n0\r\nX: " + b"a" * 2_000_000,
    "endless chunk extension": POST + CHUNKED + b"2;" + b"a" * 2_000_000,
    "endless header": GET + b"X: " + b"a" * 2_000_000,
    "endless name": GET + b"a" * 2_000_000,
    "headers too large": GET + b"X: " + b"a" * 33_000 + b"\r\n\r\n",
    "many headers": GET + b"X: a\r\n" * 101 + b"\r\n",
    "endless target": b"GET /" + b"a" * 2_000_000,
    "long target": b"GET /" + b"a" * 8200 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "long query": b"GET /healthz?" + b"a" * 8200 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "endless method": b"A" * 2_000_000,
    "blank lines": b"\r\n" * 40_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_request_is_refused_and_reaches_nothing(at: At, name: str):
    answer = await say(at, HOSTILE[name])
    assert answer.status == 0 or 400 <= answer.status < 500
    if answer.status:
        assert set(answer.error) == {"message", "type", "param", "code"}
    assert b"echo" not in answer.body
    assert at.gateway.ledger.outcomes["completed"] == 0
    assert not at.gateway.standings
    assert await still_answers(at)


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "%252e%252e%252f",
        "..\u00255c..", "%2fetc%2fpasswd", "/etc/passwd", "%00", "echo%00", "echo%0d%0aX:%20y",
        "%ff", "%c0%ae%c0%ae%c0%af", "%u002e", "%", "%zz", ".", "..", "~root", "C:%5cWindows",
        "file:%2f%2f%2f", "http:%2f%2fevil.example%2fv1", "echo/..", "echo/../echo", "echo%2f",
        "a" * 7000, "%F0%9F%90%9F",
        "scripted:echo.toml", "scripted:%2ftmp%2fx.toml", "%2e", "echo;x", "echo%20", "%20echo",
    ],
)  # fmt: skip
async def test_no_name_in_a_path_reaches_a_file(at: At, path: str):
    for method, target in (
        ("GET", f"/v1/models/{path}"),
        ("POST", f"/api/models/{path}/load"),
        ("POST", f"/api/models/{path}/unload"),
    ):
        headers = {"Content-Type": "application/json"}
        sent = request(method, target, headers, b"{}" if method == "POST" else None)
        answer = await say(at, sent)
        assert answer.status in {400, 404}
        assert b"root:" not in answer.body
    assert not at.gateway.standings


async def test_an_escaped_slash_in_a_name_is_a_slash(tmp_path):
    settings = serving(tmp_path, endpoints={"far": "http://127.0.0.1:9/v1"})
    async with gateway(settings) as at:
        answer = await say(at, request(path="/v1/models/far%2Fbig"))
        assert json.loads(answer.body)["id"] == "far/big"


async def test_a_second_request_cannot_hide_that_the_client_left(at: At):
    """uvicorn stops reading at a pipelined request: it would not see the end of the connection."""
    reader, writer = await connect(at)
    slow = posted(chat_body("slow", stream=True)).replace(b"PORT", str(port_of(at)).encode())
    writer.write(slow + slow)
    await reader.readuntil(b"data: ")
    writer.close()
    ledger = at.gateway.ledger
    async with asyncio.timeout(30):
        await ledger.empty.wait()
    assert ledger.outcomes == {"completed": 0, "failed": 0, "cancelled": 1}


async def test_one_request_at_a_time(at: At):
    reader, writer = await connect(at)
    both = 2 * posted(chat_body()).replace(b"PORT", str(port_of(at)).encode())
    writer.write(both)
    answer = await read_answer(reader)
    assert answer.status == 200
    assert answer.headers["connection"] == "close"
    assert await reader.read() == b""
    assert at.gateway.ledger.accepted == 1
    writer.close()


async def test_requests_one_after_the_other_share_a_connection(at: At):
    reader, writer = await connect(at)
    for _ in range(3):
        writer.write(posted(chat_body()).replace(b"PORT", str(port_of(at)).encode()))
        assert (await read_answer(reader)).status == 200
    writer.close()


async def test_nothing_in_a_trailer_counts(at: At):
    """Headers after the body come when the guard has looked."""
    body_ = chat_body()
    chunk = b"%x\r\n" % len(body_) + body_ + b"\r\n0\r\n"
    sneaky = b"POST /v1/chat/completions HTTP/1.1\r\nContent-Type: application/json\r\n" + CHUNKED
    assert (await say(at, sneaky + chunk + HOST + b"\r\n")).status == 400  # no Host
    honest = POST + CHUNKED + chunk + b"Origin: http://evil.example\r\n\r\n"
    assert (await say(at, honest)).status == 200
