"""A request's body, read within bounds; afterwards, whether its client is still there."""

import asyncio

from sprat.serve.asgi import Message, Receive, Scope, header
from sprat.serve.problem import BadRequest

LONGEST_S = 30.0
"""For a whole body: whoever sends a byte now and then holds nothing but its own connection."""


class Gone(Exception):
    """The client went away."""


async def read_body(scope: Scope, receive: Receive, most_bytes: int) -> bytes:
    """The whole body.

    Raises:
        BadRequest: it is larger than allowed (413), or came too slowly (408).
        Gone: the client left before its end.
    """
    length = header(scope, b"content-length")
    if length is not None and int(length) > most_bytes:  # the server has parsed it as a number
        raise too_large(most_bytes)
    message = await _next(receive)
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):  # the usual case: it came with its headers
        return _bounded(body, most_bytes)
    parts, size = [body], len(body)
    try:
        async with asyncio.timeout(LONGEST_S):
            while message.get("more_body", False):
                message = await _next(receive)
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most_bytes:
                    raise too_large(most_bytes)
    except TimeoutError as error:
        line = f"The body took more than {LONGEST_S:g} s to arrive."
        raise BadRequest(line, status=408, code="request_timeout") from error
    return b"".join(parts)


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    return message


def _bounded(body: bytes, most_bytes: int) -> bytes:
    if len(body) > most_bytes:
        raise too_large(most_bytes)
    return body


def too_large(most_bytes: int) -> BadRequest:
    """What whoever sends too much is told."""
    return BadRequest(
        f"The body is over {most_bytes} bytes.",
        status=413,
        code="request_too_large",
        fix="Send less, or raise [serve] body_bytes in sprat.toml.",
    )


async def left(receive: Receive) -> None:
    """Wait until the client goes away. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
