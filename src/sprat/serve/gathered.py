"""Writes that belong together, sent together: each `send` to the system costs as much as a token.

uvicorn writes the head of an answer and its body one after the other, and an upstream's packet may
hold several tokens. What is written within one turn of the event loop leaves as one.
"""

import asyncio

_LAST = b"0\r\n\r\n"
"""Ends a chunked body."""
_MOST_BYTES = 16 * 1024
"""Held at most: a turn can be long, and a client that takes nothing must be noticed."""


class Gathered:
    """A transport for one answer: holds its head until the body begins, then a turn's writes."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._writes = 0
        self._due = False

    def write(self, data: bytes) -> None:
        """Send it with what is written next, or at the end of this turn."""
        self._held.append(data)
        self._held_bytes += len(data)
        self._writes += 1
        whole = self._writes == 2 or data.endswith(_LAST)  # it must not wait for a turn
        if whole or self._held_bytes >= _MOST_BYTES:
            self._flush()
        elif not self._due:
            self._due = True
            self._loop.call_soon(self._turn)

    def close(self) -> None:
        """Send what is held, then close."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the transport is closed, or about to be."""
        return self._transport.is_closing()

    def _turn(self) -> None:
        self._due = False
        self._flush()

    def _flush(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))
