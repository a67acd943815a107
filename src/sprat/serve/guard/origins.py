"""Which pages may ask: those of the gateway itself, and of the origins that were allowed by name.

A request without `Origin` comes from no page, or from one that can neither read the answer nor
send JSON; where the browser says that another site is behind it, it is refused nevertheless.
Source: https://fetch.spec.whatwg.org/#http-cors-protocol and https://www.w3.org/TR/fetch-metadata/
"""

import re

from sprat.errors import SettingsError
from sprat.serve.guard.head import Head
from sprat.serve.problem import BadRequest
from sprat.settings import ServeSettings

_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]{0,40}://(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
).fullmatch
_FOREIGN = frozenset({b"cross-site", b"same-site"})
_SHOWN = 100


def origins_of(settings: ServeSettings, hosts: frozenset[str]) -> frozenset[bytes]:
    """The gateway's own origins and the allowed ones, as browsers send them.

    Raises:
        SettingsError: one of `[serve] origins` can never be an origin.
    """
    for origin in settings.origins:
        if not _ORIGIN(origin):
            fix = 'Name each as browsers send it: origins = ["http://localhost:3000"]. Never *.'
            raise SettingsError(f"{origin!r} in [serve] origins is no origin.", fix=fix)
    own = {f"http://{host}" for host in hosts}
    proxied = {f"https://{host.lower()}" for host in settings.hosts}
    return frozenset(origin.encode() for origin in (*own, *proxied, *settings.origins))


def check_origin(method: str, head: Head, allowed: frozenset[bytes]) -> None:
    """Let pass what comes from no page, from an allowed one, or from a person who follows a link.

    Raises:
        BadRequest: another page is behind it (403).
    """
    origin = head.get(b"origin")
    if origin is None:
        if head.get(b"sec-fetch-site") in _FOREIGN and not _navigates(method, head):
            line = "A page of another site is behind this request."
            fix = "Let the page ask with fetch() in CORS mode, and allow its origin: "
            raise _refused(line, fix + "origins under [serve] in sprat.toml, or --origin.")
    elif origin not in allowed:
        raise _refused(*_explained(origin))


def _navigates(method: str, head: Head) -> bool:
    navigates = head.get(b"sec-fetch-mode") == b"navigate"
    return method == "GET" and navigates and head.get(b"sec-fetch-dest") == b"document"


def _explained(origin: bytes) -> tuple[str, str]:
    shown = origin[:_SHOWN].decode("ascii", "backslashreplace")
    if not _ORIGIN(shown) or len(origin) > _SHOWN:
        line = f"Refused a page: its origin {shown!r} is none that can be allowed."
        return line, "Serve the page over http, from an address of its own."
    line = f"Refused a page of {shown}: its origin is not allowed."
    fix = f'To allow it: origins = ["{shown}"] under [serve] in sprat.toml, or --origin {shown}'
    return line, fix


def _refused(message: str, fix: str) -> BadRequest:
    return BadRequest(message, status=403, code="origin_not_allowed", fix=fix)
