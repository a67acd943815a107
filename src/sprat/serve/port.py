"""Takes the port, or says who has it. It never takes another one instead."""

import errno
import http.client
import socket
import sys
from typing import Any

import msgspec
import psutil

from sprat.errors import SpratError
from sprat.settings import ServeSettings

_BACKLOG = 1024
_PATIENCE_S = 1.0
_SHOWN = 100
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


class CannotListen(SpratError):
    """The gateway cannot have the address that it was given."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A process that listens."""

    pid: int
    name: str
    command: str


def bind(settings: ServeSettings) -> socket.socket:
    """The listening socket; closed connections of an earlier run do not keep the port.

    Raises:
        CannotListen: it cannot be had; the message says why and who has it.
    """
    family, address = _resolved(settings.host, settings.port)
    # asyncio sends at once (TCP_NODELAY) only on what says that it is TCP: it cost 40 ms an answer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows, reusing an address would share the port with whoever has it.
        exclusive: int | None = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        bound.setsockopt(socket.SOL_SOCKET, exclusive or socket.SO_REUSEADDR, 1)
        bound.bind(address)
        _refuse_when_shared(settings, address[0])
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise _explained(error, settings) from error
    except BaseException:
        bound.close()
        raise
    return bound


def _refuse_when_shared(settings: ServeSettings, address: str) -> None:
    """Some systems let two programs have 0.0.0.0 and 127.0.0.1 at one port: nobody answers yet."""
    if settings.port and answers(address, settings.port):
        raise _taken(settings.host, settings.port)


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The first address of a name; of both kinds the older one, which every client tries."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise CannotListen(
            f"There is no address {host[:_SHOWN]!r}.",
            fix="Use 127.0.0.1 for this machine only, 0.0.0.0 for every network it is in.",
        ) from error
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def _explained(error: OSError, settings: ServeSettings) -> CannotListen:
    host, port = settings.host, settings.port
    if error.errno == errno.EADDRINUSE:
        return _taken(host, port)
    if error.errno == errno.EACCES:
        return CannotListen(
            f"This user may not listen at port {port}"
            + (": ports below 1024 are the system's." if port < 1024 else "."),
            fix="Use a higher one: sprat serve --port 5273",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return CannotListen(
            f"{host} is no address of this machine.",
            fix="Use 127.0.0.1 for this machine only, 0.0.0.0 for every network it is in.",
        )
    line = f"{host}:{port} cannot be listened at: {error.strerror or error}."
    return CannotListen(line, fix="Use another --host or --port.")


def _taken(host: str, port: int) -> CannotListen:
    other = f"sprat serve --port {port + 1 if port < 65_535 else port - 1}"
    owner = owner_of(host, port)
    who = f"process {owner.pid}, {owner.name} ({owner.command})" if owner else None
    if is_sprat(host, port):
        stop = f"kill {owner.pid}" if owner and sys.platform != "win32" else "Ctrl-C where it runs"
        return CannotListen(
            f"A Sprat gateway answers at port {port} already{f': {who}' if who else ''}.",
            fix=f"Use that one, stop it with {stop}, or start beside it: {other}",
        )
    if who:
        line, fix = f"Port {port} is taken by {who}.", f"Stop it, or use another port: {other}"
        return CannotListen(line, fix=fix)
    return CannotListen(
        f"Port {port} is taken by a process that this user may not see.",
        fix=f"Find it with: {_how_to_find(port)}. Or use another port: {other}",
    )


def owner_of(host: str, port: int) -> Owner | None:
    """Who listens there; None: nobody, or a process that this user may not see."""
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.AccessDenied, OSError):  # macOS shows other processes to root only
        return None
    for connection in connections:
        at: Any = connection.laddr
        if connection.status != psutil.CONN_LISTEN or at.port != port:
            continue
        if connection.pid is not None and _same(at.ip, host):
            return _owner(connection.pid)
    return None


def _same(listened: str, host: str) -> bool:
    """Whether two listeners would be in each other's way."""
    local = {"localhost": "127.0.0.1"}.get(host, host)
    return listened == local or bool(_EVERYWHERE & {listened, local}) or host == "localhost"


def _owner(pid: int) -> Owner | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            name = process.name()
            words = process.cmdline()
    except psutil.AccessDenied:
        return Owner(pid=pid, name="of another user", command="command not shown")
    except psutil.Error:
        return None
    return Owner(pid=pid, name=name, command=_short(words) or name)


def _short(words: list[str]) -> str:
    """A command line on one line, without a key that was given on it."""
    safe: list[str] = []
    for word in words:
        hide = bool(safe) and safe[-1] == "--key"
        safe.append("…" if hide else "--key=…" if word.startswith("--key=") else word)
    line = "".join(c if c.isprintable() else " " for c in " ".join(safe))
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _how_to_find(port: int) -> str:
    if sys.platform == "win32":
        return f"netstat -ano | findstr :{port}"
    if sys.platform == "darwin":
        return f"sudo lsof -nP -iTCP:{port} -sTCP:LISTEN"
    return f"sudo ss -ltnp 'sport = :{port}'"


def reachable(host: str) -> str:
    """The address at which this machine's own programs find a listener at `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def url_of(host: str, port: int) -> str:
    """The same as the beginning of a URL: an IPv6 address needs brackets there."""
    near = reachable(host)
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def answers(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    try:
        with socket.create_connection((reachable(host), port), timeout=_PATIENCE_S):
            return True
    except OSError:
        return False


def is_sprat(host: str, port: int) -> bool:
    """Whether what listens there says of itself that it is Sprat's gateway."""
    asking = http.client.HTTPConnection(reachable(host), port, timeout=_PATIENCE_S)
    try:
        asking.request("GET", "/healthz")
        said = msgspec.json.decode(asking.getresponse().read(4096), type=dict[str, str])
    except (OSError, http.client.HTTPException, msgspec.DecodeError, UnicodeDecodeError):
        return False
    finally:
        asking.close()
    return said.get("server") == "sprat"
