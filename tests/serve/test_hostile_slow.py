"""Slow, idle, half-closed, oversized: each holds its own connection at most, and not for long."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from tests.serve.raw import (
    CHUNKED,
    GET,
    POST,
    Answer,
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

from sprat.serve import body, protocol


async def wait_until(true: Callable[[], object]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)


async def soon_answers(at: At) -> bool:
    """Whether a good request is answered once the connections that closed are seen to have."""
    for _ in range(100):
        if await still_answers(at):
            return True
        await asyncio.sleep(0.05)
    return False


async def until_closed(at: At, *pieces: bytes, gap_s: float = 0.0) -> Answer:
    return await say(at, *pieces, gap_s=gap_s, longest_s=10)


async def test_a_head_that_does_not_come_to_its_end_is_cut_off(at: At, monkeypatch):
    monkeypatch.setattr(protocol, "PATIENCE_S", 0.3)
    assert (await until_closed(at, b"")).status == 0  # nothing at all
    assert (await until_closed(at, GET)).status == 408
    drip = [bytes([byte]) for byte in GET + b"X: " + b"a" * 200]
    assert (await until_closed(at, *drip, gap_s=0.01)).status in {0, 408}
    assert (await until_closed(at, *[b"\r\n"] * 60, gap_s=0.01)).status in {0, 408}
    assert await still_answers(at)


async def test_the_second_head_of_a_connection_is_awaited_no_longer(at: At, monkeypatch):
    monkeypatch.setattr(protocol, "PATIENCE_S", 0.3)
    reader, writer = await connect(at)
    port = str(port_of(at)).encode()
    writer.write(request().replace(b"PORT", port))
    assert (await read_answer(reader)).status == 200
    writer.write(GET.replace(b"PORT", port))
    assert (await read_answer(reader)).status == 408
    writer.close()


def ended(reader: asyncio.StreamReader) -> bool:
    """By an end or, for whoever still sends, by a reset."""
    return reader.at_eof() or isinstance(reader.exception(), ConnectionResetError)


async def test_a_body_that_does_not_come_to_its_end_is_cut_off(at: At, monkeypatch):
    monkeypatch.setattr(body, "LONGEST_S", 0.3)
    monkeypatch.setattr(protocol, "PATIENCE_S", 0.3)
    head = POST + b"Content-Length: 500\r\n\r\n"
    reader, writer = await connect(at)
    writer.write(head.replace(b"PORT", str(port_of(at)).encode()) + b"{")
    assert (await read_answer(reader)).status == 408
    # And whoever goes on dripping holds the connection no longer either.
    for _ in range(100):
        writer.write(b" ")
        await asyncio.sleep(0.02)
        if ended(reader):
            break
    assert ended(reader)
    writer.close()
    assert at.gateway.ledger.outcomes["failed"] == 1


async def test_a_large_body_that_was_refused_is_not_kept(at: At):
    """Announced: refused unread. Not announced: refused at the bound. The answer arrives."""
    most = at.gateway.settings.body_bytes
    announced = POST + b"Content-Length: %d\r\n\r\n" % (most + 1)
    assert (await say(at, announced)).status == 413
    assert at.gateway.ledger.accepted == 0
    assert (await say(at, announced, b"x" * 1000)).status == 413
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answer = await say(at, POST + CHUNKED, *[chunk] * (most // 65536 + 2))
    assert answer.status in {0, 413}
    assert await still_answers(at)


async def test_a_body_is_not_sent_for_where_it_will_be_refused(at: At):
    """`Expect: 100-continue`: the refusal comes instead of the invitation."""
    expecting = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    assert (await say(at, expecting % 10**9)).status == 413
    foreign = expecting.replace(b"127.0.0.1:PORT", b"evil.example") % 100
    assert (await say(at, foreign)).status == 403


async def test_a_half_closed_connection_is_a_client_that_left(at: At):
    _, writer = await connect(at)
    slow = posted(chat_body("slow")).replace(b"PORT", str(port_of(at)).encode())
    writer.write(slow)
    ledger = at.gateway.ledger
    async with asyncio.timeout(30):
        await wait_until(lambda: ledger.accepted)
        writer.write_eof()
        await ledger.empty.wait()
    assert ledger.outcomes["cancelled"] == 1
    writer.close()


async def test_a_thousand_idle_connections_keep_nobody_out(at: At, monkeypatch):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("this system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    opened = [await connect(at) for _ in range(1000)]
    try:
        assert await still_answers(at)
    finally:
        for _, writer in opened:
            writer.close()


async def test_beyond_the_bound_of_connections_there_is_an_answer(tmp_path):
    async with gateway(serving(tmp_path, connections=3)) as at:
        opened = [await connect(at) for _ in range(3)]
        answer = await say(at, request())
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.error["type"] == "server_error"
        for _, writer in opened:
            writer.close()
        assert await soon_answers(at)


async def test_a_crowd_that_only_stands_there_is_cut_off(tmp_path):
    async with gateway(serving(tmp_path, connections=2)) as at:
        opened = [await connect(at) for _ in range(5)]
        reader, _ = opened[-1]
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 30) == b""
        for _, writer in opened:
            writer.close()
        assert await soon_answers(at)
