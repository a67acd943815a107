"""Bodies made to break a reader: each gets its 4xx, and the next request is served."""

import gzip
import json
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.serve.raw import chat_body, posted, request, say, still_answers
from tests.serve.running import At

MESSAGES = '"messages": [{"role": "user", "content": "Hello"}]'


def with_raw(field: str, value: str) -> bytes:
    return f'{{"model": "echo", {MESSAGES}, "{field}": {value}}}'.encode()


NUMBERS = ("-1", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "99999999999999999999999999",
           "-99999999999999999999999999", "1" + "0" * 5000, '"1"', "[]", "{}", "true", "0x10", "01",
           "1.5e", "9007199254740993.5")  # fmt: skip
FIELDS = ("n", "max_tokens", "max_completion_tokens", "seed", "temperature", "top_p",
          "top_logprobs", "presence_penalty", "frequency_penalty")  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
async def test_no_number_outside_its_bounds_is_taken(at: At, field: str):
    for number in NUMBERS:
        if number == "-1" and "penalty" in field:
            continue
        answer = await say(at, posted(with_raw(field, number)))
        assert answer.status == 400, (field, number[:40])
        assert answer.error["type"] == "invalid_request_error"
    assert not at.gateway.standings
    assert await still_answers(at)


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "a string": b'"echo"',
    "cut off": chat_body()[:-3],
    "two objects": chat_body() * 2,
    "byte order mark": b"\xef\xbb\xbf" + chat_body(),
    "utf-16": chat_body().decode().encode("utf-16"),
    "utf-32": chat_body().decode().encode("utf-32"),
    "invalid utf-8": chat_body().replace(b"Hello", b"\xff\xfe\x80"),
    "overlong utf-8": chat_body().replace(b"Hello", b"\xc0\xaf"),
    "surrogate as utf-8": chat_body().replace(b"Hello", b"\xed\xa0\x80"),
    "control character": chat_body().replace(b"Hello", b"a\x00b"),
    "comment": b"/* x */" + chat_body(),
    "trailing comma": chat_body()[:-1] + b",}",
    "100,000 brackets": b"[" * 100_000,
    "100,000 brackets, closed": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "brackets in a field": with_raw("stop", "[" * 100_000 + "]" * 100_000),
    "brackets in an unknown field": with_raw("zzz", "[" * 100_000 + "]" * 100_000),
    "deep schema": chat_body(
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": json.loads('{"a":' * 200 + "1" + "}" * 200)},
        }
    ),
    "many stops": chat_body(stop=["x"] * 100_000),
    "huge stop": chat_body(stop="x" * 1_000_000),
    "many biases": chat_body(logit_bias={str(n): 1 for n in range(50_000)}),
    "huge n": chat_body(n=2**31),
    "many tools": chat_body(tools=[{"type": "function", "function": {"name": "a"}}] * 50_000),
    "unknown role": b'{"model":"echo","messages":[{"role":"root","content":"x"}]}',
    "no messages": b'{"model":"echo","messages":[]}',
    "huge key": b'{"' + b"k" * 1_000_000 + b'": 1}',
    "proto": chat_body(__proto__={"x": 1}),
    "a model of many bytes": chat_body().replace(b'"echo"', b'"' + b"a" * 1_000_000 + b'"'),
    "escaped nul in a name": chat_body().replace(b'"echo"', b'"echo\\u0000"'),
    "a path as a name": chat_body().replace(b'"echo"', b'"../../etc/passwd"'),
    "an absolute path as a name": chat_body().replace(b'"echo"', b'"/etc/passwd"'),
    "a backslash in a name": chat_body().replace(b'"echo"', b'"..\\\\echo"'),
    "an address as a name": chat_body().replace(b'"echo"', b'"http://169.254.169.254/v1"'),
    "a script as a name": chat_body().replace(b'"echo"', b'"scripted:/tmp/echo.toml"'),
    "an image to fetch": json.dumps(
        {
            "model": "echo",
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/"}}],
                }
            ],
        }
    ).encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_refused_with_an_error_object(at: At, name: str):
    answer = await say(at, posted(HOSTILE[name]))
    assert answer.status in {400, 404}
    assert set(answer.error) == {"message", "type", "param", "code"}
    assert len(answer.body) < 2000
    assert not at.gateway.standings
    assert await still_answers(at)


ODD_BUT_FINE: dict[str, bytes] = {
    "lone surrogate": chat_body().replace(b"Hello", b"\\ud800"),
    "the same key twice": b'{"model": "nobody", ' + chat_body()[1:],
    "escaped nul": chat_body().replace(b"Hello", b"a\\u0000b"),
    "leading blanks": b" \r\n\t" * 1000 + chat_body(),
    "right-to-left override": chat_body("\u202eolleH"),
}


@pytest.mark.parametrize("name", ODD_BUT_FINE)
async def test_an_odd_body_gets_an_answer_or_a_refusal_never_a_crash(at: At, name: str):
    answer = await say(at, posted(ODD_BUT_FINE[name]))
    assert answer.status in {200, 400}
    assert await still_answers(at)


def rss() -> int:
    return psutil.Process().memory_info().rss


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, gzip", "x"])
async def test_a_compressed_body_is_never_unpacked(at: At, encoding: str):
    bomb = gzip.compress(b" " * 200_000_000, 9) if encoding == "gzip" else b"\x1f\x8b" * 1000
    before = rss()
    answer = await say(at, posted(bomb, Content_Encoding=encoding))
    assert answer.status == 415
    assert answer.error["code"] == "compressed"
    assert rss() - before < 50_000_000
    assert at.gateway.ledger.accepted == 0


async def test_large_bodies_leave_no_memory_behind(at: At):
    large = chat_body("x" * 7_000_000)  # within the bound: it is read
    beyond = chat_body("x" * 10_000_000)
    assert (await say(at, posted(large))).status == 200
    before = rss()
    for _ in range(10):
        assert (await say(at, posted(large))).status == 200
        assert (await say(at, posted(beyond))).status in {0, 413}
    assert rss() - before < 100_000_000
    assert await still_answers(at)


FOREIGN_FIELDS: tuple[dict[str, Any], ...] = (
    {"base_url": "http://127.0.0.1:9/v1"},
    {"api_base": "http://127.0.0.1:9/v1"},
    {"url": "http://127.0.0.1:9/v1"},
    {"endpoint": "http://127.0.0.1:9"},
    {"extra_body": {"base_url": "x"}},
    {"extra_headers": {"Host": "x"}},
    {"proxy": "http://127.0.0.1:9"},
)


@pytest.mark.parametrize("fields", FOREIGN_FIELDS, ids=lambda fields: next(iter(fields)))
async def test_no_field_names_an_upstream(at: At, fields: dict[str, Any]):
    answer = await say(at, posted(chat_body(**fields)))
    assert answer.status == 400
    assert answer.error["param"] == next(iter(fields))


async def test_no_header_and_no_query_names_an_upstream(at: At):
    for header in (
        "X-Forwarded-Host",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Forwarded",
        "X-Base-Url",
    ):
        marked = {header: "http://127.0.0.1:9/v1", "Content-Type": "application/json"}
        sent = request("POST", "/v1/chat/completions?base_url=http://x", marked, chat_body())
        assert b"Hello there" in (await say(at, sent)).body


async def test_a_file_beside_the_gateway_is_no_model(at: At, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.gguf").write_bytes(b"GGUF")
    for name in ("secret.gguf", "./secret.gguf", "echo.toml", "scripted:echo.toml"):
        answer = await say(at, posted(chat_body().replace(b'"echo"', json.dumps(name).encode())))
        assert answer.status in {400, 404}, name
