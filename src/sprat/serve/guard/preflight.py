"""What a browser asks before it lets a page ask.

Source: https://fetch.spec.whatwg.org/#cors-preflight-fetch and
https://wicg.github.io/private-network-access/
"""

import re

from sprat.serve.guard.head import Head
from sprat.serve.guard.security import Pairs

_SENDABLE = re.compile(
    r"accept|authorization|content-type|idempotency-key|traceparent|tracestate|user-agent"
    r"|(?:openai|x)-[a-z0-9-]{1,60}"
).fullmatch
_MOST = 64
_KEPT_S = b"600"
_VARY = (
    b"Access-Control-Request-Method, Access-Control-Request-Headers, "
    b"Access-Control-Request-Private-Network"
)


def is_preflight(method: str, head: Head) -> bool:
    """Whether a browser asks on behalf of a page."""
    return method == "OPTIONS" and b"origin" in head and b"access-control-request-method" in head


def permission(head: Head, methods: bytes) -> Pairs:
    """The headers of the answer to an allowed origin; each header that may be sent is named."""
    asked = head.get(b"access-control-request-headers", b"").decode("latin-1").lower()
    names = [name.strip() for name in asked.split(",")[:_MOST]]
    granted = ", ".join(name for name in names if _SENDABLE(name))
    pairs = [
        (b"access-control-allow-methods", methods),
        (b"access-control-max-age", _KEPT_S),
        (b"vary", _VARY),
    ]
    if granted:
        pairs.append((b"access-control-allow-headers", granted.encode()))
    if head.get(b"access-control-request-private-network") == b"true":
        pairs.append((b"access-control-allow-private-network", b"true"))
    return pairs
