"""Who asks: from which address, and whether signed in."""

# Chainlit tells the types of its own things only in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from ipaddress import IPv6Address, ip_address, ip_network

NOBODY = ""
CALLER: ContextVar[str] = ContextVar("caller", default=NOBODY)
"""Of the request under way: set by `Guard`, for what Chainlit calls without saying who asks."""
_HOME_BITS = 64
"""Of an IPv6 address are a network's; the rest its owner chooses, as often as he likes."""


def caller_of(client: Sequence[object] | None) -> str:
    """From ASGI's `client`: the address, of IPv6 the network; of a Unix socket nothing."""
    if not client:
        return NOBODY
    host = str(client[0])
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _HOME_BITS), strict=False))


def is_signed_in(headers: Mapping[bytes, str]) -> bool:
    """Whether a request carries a session that this chat signed."""
    from chainlit.auth.cookie import get_token_from_cookies
    from chainlit.auth.jwt import decode_jwt
    from jwt import InvalidTokenError
    from starlette.requests import cookie_parser

    token = get_token_from_cookies(cookie_parser(headers.get(b"cookie", "")))
    if not token:
        return False
    try:
        decode_jwt(token)
    except (InvalidTokenError, KeyError, TypeError, ValueError):
        return False
    return True
