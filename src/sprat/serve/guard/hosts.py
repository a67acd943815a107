"""Which `Host` values are answered.

A page of an attacker can make its own name mean 127.0.0.1 (DNS rebinding): the browser then takes
the gateway for that page's own server. Only the `Host` value gives it away.
"""

import re
from collections.abc import Iterator

from sprat.errors import SettingsError
from sprat.serve.problem import BadRequest
from sprat.settings import ServeSettings

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?").fullmatch
_SHOWN = 100


def hosts_of(settings: ServeSettings, address: str, port: int) -> frozenset[str]:
    """The values answered by a gateway that listens at `address` and `port`.

    Raises:
        SettingsError: one of `[serve] hosts` can never be a Host.
    """
    return frozenset([*_own(settings, address, port), *_configured(settings)])


def _own(settings: ServeSettings, address: str, port: int) -> Iterator[str]:
    bound = (_bracketed(host) for host in (address, settings.host) if host not in _EVERYWHERE)
    for host in (*_LOOPBACK, *bound):
        yield f"{host}:{port}"
        if port == 80:
            yield host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _configured(settings: ServeSettings) -> Iterator[str]:
    for host in settings.hosts:
        if not _HOST(host):
            fix = 'Write them as clients send them: hosts = ["box:5273"], without a scheme or *.'
            raise SettingsError(f"{host!r} in [serve] hosts is no host.", fix=fix)
        yield host
        yield host.lower()  # browsers send lower case, whatever was typed


def check_host(host: bytes | None, allowed: frozenset[bytes]) -> None:
    """Let only the allowed values pass, byte by byte.

    Raises:
        BadRequest: it is missing (400), or not one of them (403).
    """
    if host in allowed:
        return
    if host is None:
        raise BadRequest("The header Host is missing.", code="invalid_header")
    shown = host[:_SHOWN].decode("ascii", "backslashreplace")
    fix = "Use the address that it was started with."
    if _HOST(shown):
        fix += f' To allow this one: hosts = ["{shown}"] under [serve] in sprat.toml, or '
        fix += f"--allow-host {shown}"
    line = f"This gateway does not answer to the name {shown!r}."
    raise BadRequest(line, status=403, code="host_not_allowed", fix=fix)
