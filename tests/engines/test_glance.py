"""One look at an address, and waiting for only so long."""

import asyncio
import socket
from threading import Event, Thread

import pytest
from tests.foundry_service import foundry_service

from sprat.engines.glance import glance
from sprat.engines.patience import aside, within
from sprat.settings import is_here


def test_an_answer_is_seen_with_its_status_headers_and_body():
    with foundry_service("server") as service:
        seen = glance(f"{service.root}/status")
        nowhere = glance(f"{service.root}/nowhere")
    assert (seen.status, seen.headers["server"]) == (200, "oatpp/1.3.0")
    assert isinstance(seen.json, dict)
    assert (nowhere.status, nowhere.json) == (404, None)


def test_a_server_that_drips_is_left_when_the_time_is_over():
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = Event()

        def drip() -> None:
            with server.accept()[0] as client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
                while not gone.wait(0.02):  # each byte comes in time; the whole does not
                    client.sendall(b"x")

        thread = Thread(target=drip)
        thread.start()
        seen = glance(f"http://127.0.0.1:{server.getsockname()[1]}/", within_s=0.3)
        gone.set()
        thread.join()
    assert (seen.status, seen.why) == (None, "no answer within 0.3 s")


def test_what_is_no_http_is_said_to_be_none():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            with server.accept()[0] as client:
                client.recv(4096)
                client.sendall(b"220 mail.example ESMTP\r\n")

        thread = Thread(target=speak)
        thread.start()
        seen = glance(f"http://127.0.0.1:{server.getsockname()[1]}/", within_s=5)
        thread.join()
    assert (seen.status, seen.why) == (None, "no answer in HTTP")


def test_this_machine_is_asked_without_the_proxy_that_is_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with foundry_service("server") as service:
        assert glance(f"{service.root}/status").status == 200


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:1/v1", True),
        ("http://[::1]:1", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://windows-host:5273", False),
    ],
)
def test_only_the_loopback_is_this_machine(url: str, here: bool):
    assert is_here(url) is here


def test_what_the_work_raises_is_raised_where_it_is_waited_for():
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
    assert within(5, lambda: None) is None


async def test_work_aside_can_be_abandoned_and_its_errors_are_raised():
    release = Event()
    task = asyncio.create_task(aside(lambda: release.wait(10)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()  # it ends after nobody waits for it any more
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0)
