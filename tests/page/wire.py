"""The only way out of a browser: a proxy that writes down whatever leaves, and can be cut.

It stands outside of the browser, so it sees what no script of the page could: page, workers,
service worker, beacons, images, sockets alike. Loopback addresses go through it too.
"""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MOST_HEAD_BYTES = 64 * 1024
PATIENCE_S = 60.0
_OF_ITS_OWN = (
    "AutofillServerCommunication",
    "AimEnabled",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PreconnectToSearch",
)
"""What Chromium asks or changes by itself. The list takes the place of Playwright's own."""

_BY_ITSELF = ("accounts.google.com", "update.googleapis.com")
"""Where Chromium asks by itself, soon after its start; no flag stops that. Nothing of the page can
go there: its policy forbids it."""


@dataclass
class Wire:
    """What left, in order: `GET http://host/path`, `CONNECT host:port`."""

    port: int
    left: list[str] = field(default_factory=list)
    is_cut: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """With which Chromium has no other way."""
        return (
            f"--proxy-server=http://127.0.0.1:{self.port}",
            "--proxy-bypass-list=<-loopback>",
            "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
            f"--disable-features={','.join(_OF_ITS_OWN)}",
        )


@contextmanager
def wire() -> Iterator[Wire]:
    """A wire that lies until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        laid = Wire(server.getsockname()[1])
        thread = threading.Thread(target=_accept, args=(server, laid), daemon=True)
        thread.start()
        try:
            yield laid
        finally:
            laid.is_cut = True
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _accept(server: socket.socket, laid: Wire) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_pass, args=(client, laid), daemon=True).start()


def _pass(client: socket.socket, laid: Wire) -> None:
    """One request: each has a connection of its own, so that none goes by unseen."""
    with client, suppress(OSError, ValueError):
        client.settimeout(PATIENCE_S)
        head, rest = _head(client)
        method, target, version = head[0].split(" ")
        if not _is_by_itself(target, head[1:]):
            laid.left.append(f"{method} {target}")
        if laid.is_cut:
            return
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            said = b""
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            found = urlsplit(target)
            host, port = str(found.hostname), str(found.port or 80)
            lines = [f"{method} {_path(target)} {version}", *map(_own, head[1:])]
            said = "\r\n".join([*lines, "", ""]).encode("latin-1")
        with socket.create_connection((host, int(port)), 10) as server:
            server.sendall(said + rest)
            _both_ways(client, server, laid)


def _is_by_itself(target: str, lines: list[str]) -> bool:
    if any(host in target for host in _BY_ITSELF):
        return True
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    return is_look(_path(target), headers.get("service-worker"))


def _path(target: str) -> str:
    """With the query."""
    found = urlsplit(target)
    return f"{found.path or '/'}{'?' + found.query if found.query else ''}"


def is_look(path: str, service_worker: str | None) -> bool:
    """Whether the browser looks for a newer service worker, as it does after a visit at a time of
    its own choice. It is this one path to the letter, so nothing can go out in its name.

    Args:
        path: with the query, if any.
        service_worker: the header of that name; browsers set it for this alone.
    """
    return path == "/sw.js" and service_worker == "script"


def _own(line: str) -> str:
    name = line.split(":", 1)[0].lower()
    return "Connection: close" if name in {"proxy-connection", "connection"} else line


def _head(client: socket.socket) -> tuple[list[str], bytes]:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < MOST_HEAD_BYTES:
        piece = client.recv(8192)
        if not piece:
            raise ValueError("no request")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n"), rest


def _both_ways(client: socket.socket, server: socket.socket, laid: Wire) -> None:
    other = {client: server, server: client}
    while not laid.is_cut:
        readable, _, _ = select.select([client, server], [], [], 0.5)
        for one in readable:
            piece = one.recv(256 * 1024)
            if not piece:
                return
            other[one].sendall(piece)
