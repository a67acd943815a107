"""Headers on every answer: nothing is guessed at, framed, kept, or told to another site.

Source: https://owasp.org/www-project-secure-headers/
"""

from sprat.serve.asgi import Message, Send

Pairs = list[tuple[bytes, bytes]]

ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
UNLESS_SET = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
_EXPOSED = b"x-request-id, x-sprat-model, server-timing, retry-after"


def readable_by(origin: bytes) -> Pairs:
    """Lets an allowed origin's page read the answer. It never sends cookies along."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", _EXPOSED),
    ]


VARY = (b"vary", b"Origin")


def secured(send: Send, further: Pairs) -> Send:
    """`send` with these headers, and `further` ones, at the start of the answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: Pairs = [*message["headers"], *ALWAYS, *further]
            set_already = {name for name, _ in headers}
            headers += [pair for pair in UNLESS_SET if pair[0] not in set_already]
            message["headers"] = headers
        await send(message)

    return sending
