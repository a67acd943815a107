"""Other machines may ask only with a key: refused before the port is taken."""

import ipaddress
import socket

from sprat.errors import UsageError
from sprat.serve.guard.key import key_of
from sprat.settings import ServeSettings

SHORTEST = 16
"""Characters of a key that other machines can try to guess."""


def check_bind(settings: ServeSettings) -> None:
    """Refuse an address that other machines can reach, unless a good key is set.

    Raises:
        UsageError: there is no key, it is too short, or its variable is not set.
    """
    key = key_of(settings)
    if all(is_loopback(address) for address in _addresses(settings.host)):
        return
    _refuse_weak(settings.host, key)


def check_bound(address: str, key: str | None) -> None:
    """The same for the address that a socket really has: a name may mean another one by now.

    Raises:
        UsageError: there is no key, or it is too short.
    """
    if not is_loopback(address):
        _refuse_weak(address, key)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches it. A name, or nothing at all, counts as reachable."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def _addresses(host: str) -> list[str]:
    """What a host name stands for; one that stands for nothing is refused when it is bound."""
    if not host:
        return [""]
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found]


def _refuse_weak(host: str, key: str | None) -> None:
    where = f"{host or 'Every network'} can be reached from other machines"
    if key is None:
        fix = "Set SPRAT_KEY (or key_env under [serve] in sprat.toml), or leave out --host."
        raise UsageError(f"{where}, and no key is set.", fix=fix)
    if len(key) < SHORTEST:
        raise UsageError(
            f"{where}, and the key has only {len(key)} characters.",
            fix=f"Take {SHORTEST} or more, at random: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
