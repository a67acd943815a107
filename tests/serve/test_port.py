"""A port that cannot be had: who has it, and what to type next."""

import asyncio
import errno
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from tests.serve.running import gateway, serving

from sprat.serve import port
from sprat.serve.port import CannotListen, bind, is_sprat, owner_of, url_of
from sprat.settings import ServeSettings


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which this very process listens, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port, "_PATIENCE_S", 0.2)


def refusal(host: str = "127.0.0.1", number: int = 0) -> CannotListen:
    with pytest.raises(CannotListen) as refused:
        bind(ServeSettings(host=host, port=number)).close()
    assert refused.value.exit_code == 1
    assert refused.value.fix
    assert "\n" not in str(refused.value)
    return refused.value


@pytest.mark.skipif(sys.platform == "darwin", reason="only root sees who listens there")
def test_a_taken_port_is_named_with_its_owner(taken: int):
    line = str(refusal(number=taken))
    assert f"Port {taken} is taken by process {os.getpid()}, {psutil.Process().name()}" in line
    assert f"sprat serve --port {taken + 1}" in line


@pytest.mark.skipif(sys.platform == "darwin", reason="only root sees who listens there")
def test_who_listens_at_all_addresses_is_in_the_way_of_one():
    with socket.create_server(("0.0.0.0", 0)) as server:
        number = server.getsockname()[1]
        assert str(os.getpid()) in str(refusal(number=number))


def test_it_never_takes_another_port_instead(taken: int):
    with pytest.raises(CannotListen):
        bind(ServeSettings(port=taken))
    with bind(ServeSettings(port=0)) as bound:
        assert bound.getsockname()[1] != taken


def test_an_owner_that_may_not_be_seen_is_said_with_how_to_find_it(
    taken: int, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    line = str(refusal(number=taken))
    assert "a process that this user may not see" in line
    assert "Find it with: " in line
    assert str(taken) in line.split("Find it with")[1]


async def test_another_sprat_is_recognised(tmp_path: Path):
    async with gateway(serving(tmp_path)) as at:
        number = int(at.url.rsplit(":", 1)[1])
        assert await asyncio.to_thread(is_sprat, "127.0.0.1", number)
        line = str(await asyncio.to_thread(refusal, "127.0.0.1", number))
    assert f"A Sprat gateway answers at port {number} already" in line


def test_what_takes_connections_and_says_nothing_is_no_sprat(taken: int):
    assert not is_sprat("127.0.0.1", taken)


@pytest.mark.parametrize("said", [b"HTTP/1.0 200 OK\r\n\r\n[]", b"220 smtp\r\n", b"\xff\x00"])
def test_what_says_something_else_is_no_sprat(said: bytes):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        assert not is_sprat("127.0.0.1", server.getsockname()[1])
        thread.join()


def test_an_address_of_another_machine_cannot_be_listened_at():
    assert "192.0.2.1 is no address of this machine" in str(refusal("192.0.2.1"))


def test_a_name_that_means_nothing_is_said():
    assert "There is no address 'nowhere.invalid'" in str(refusal("nowhere.invalid"))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "This user may not listen at port 80: ports below 1024"),
        (errno.EPROTONOSUPPORT, "127.0.0.1:80 cannot be listened at"),
    ],
)
def test_what_the_system_refuses_is_explained(
    number: int, said: str, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert said in str(refusal(number=80))


def test_the_key_on_the_owners_command_line_is_not_repeated(
    taken: int, monkeypatch: pytest.MonkeyPatch
):
    words = ["sprat", "serve", "--key", "secret-one", "--key=secret-two", "x\x1b[31m" + "y" * 300]
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: words)
    monkeypatch.setattr(
        psutil, "net_connections", lambda _: [listening("127.0.0.1", taken, os.getpid())]
    )
    owner = owner_of("127.0.0.1", taken)
    assert owner is not None
    assert "secret" not in owner.command
    assert "\x1b" not in owner.command
    assert len(owner.command) <= 100


def listening(host: str, number: int, pid: int | None) -> object:
    address = SimpleNamespace(ip=host, port=number)
    return SimpleNamespace(laddr=address, status=psutil.CONN_LISTEN, pid=pid)


def test_a_listener_at_another_address_is_not_blamed(monkeypatch: pytest.MonkeyPatch):
    other = [listening("10.0.0.1", 5273, os.getpid()), listening("127.0.0.1", 1, os.getpid())]
    monkeypatch.setattr(psutil, "net_connections", lambda _: other)
    assert owner_of("127.0.0.1", 5273) is None


def test_what_is_sent_is_sent_at_once():
    """asyncio switches off Nagle's delay only on sockets that say they are TCP."""
    with bind(ServeSettings(port=0)) as bound:
        assert bound.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:5273"),
        ("0.0.0.0", "http://127.0.0.1:5273"),
        ("::1", "http://[::1]:5273"),
        ("::", "http://[::1]:5273"),
    ],
)
def test_the_address_of_a_listener_can_be_asked_as_it_is_written(host: str, url: str):
    assert url_of(host, 5273) == url
