"""A client that takes nothing: it frees its model, and nothing keeps its connection."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from tests.serve.raw import chat_body, port_of, posted, still_answers
from tests.serve.running import At, gateway, serving

from sprat.serve import protocol

LONG = '[[rule]]\ntext = "' + "word " * 60_000 + '"\n'
PLACES = "places = 1\n"


async def deaf_client(at: At, model: str, *, stream: bool) -> socket.socket:
    """One that asks and never reads; its own buffer is small."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port_of(at)))
    body = chat_body(model=model, stream=stream, max_tokens=100_000)
    asking = posted(body).replace(b"PORT", str(port_of(at)).encode())
    await loop.sock_sendall(client, asking)
    return client


async def until(true: Callable[[], object]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It never came to be.")


async def test_a_reader_who_stops_reading_frees_the_model(tmp_path, caplog):
    async with gateway(serving(tmp_path, {"long": PLACES + LONG})) as at:
        ledger = at.gateway.ledger
        client = await deaf_client(at, "long", stream=True)
        with client:
            await until(lambda: any(record.sending_since_ns for record in ledger.open))
            await asyncio.sleep(0.3)
            ledger.cancel_stalled(int(0.2e9))
            await until(lambda: not ledger.open)
        assert ledger.outcomes["cancelled"] == 1
        assert all(standing.answering == 0 for standing in at.gateway.standings)
        assert await still_answers(at)
    assert "completing" not in caplog.text  # uvicorn saw nothing odd


async def test_a_stop_does_not_wait_for_a_reader_who_stopped_reading(tmp_path):
    started = asyncio.get_running_loop().time()
    async with gateway(serving(tmp_path, {"long": LONG}, drain_s=0.1)) as at:
        client = await deaf_client(at, "long", stream=True)
        await until(lambda: any(record.sending_since_ns for record in at.gateway.ledger.open))
        await asyncio.sleep(0.2)
    with client:
        assert at.gateway.ledger.outcomes["cancelled"] == 1
        assert asyncio.get_running_loop().time() - started < 10


async def test_a_whole_answer_that_nobody_takes_is_given_up(
    tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(protocol, "LINGER_S", 0.2)
    longer = '[[rule]]\nchunks = ["' + "x" * 12_000_000 + '"]\n'
    async with gateway(serving(tmp_path, {"long": longer})) as at:
        connections = at.running._server.server_state.connections
        client = await deaf_client(at, "long", stream=False)
        with client:
            await until(lambda: at.gateway.ledger.outcomes["completed"] == 1)
            (one,) = connections
            one._unset_keepalive_if_required()
            one.timeout_keep_alive_handler()
            await until(lambda: not connections)
        assert await still_answers(at)
