"""A file, whole or a part of it, for clients that have some of it already.

Source: RFC 9110, sections 8.8.3 (ETag), 13 (conditional requests), 14 (ranges)
"""

import asyncio
import re
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from sprat.errors import ModelError
from sprat.serve.asgi import Headers, Receive, Scope, Send, header, respond
from sprat.serve.body import left

PIECE_BYTES = 256 * 1024
STALLED_S = 60.0
"""A client that has not taken a piece for so long is given up."""
_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})").fullmatch
_TAG = re.compile(rb'(?:W/)?("[!#-~\x80-\xff]*")')


class File(msgspec.Struct, frozen=True, kw_only=True):
    """What may be sent."""

    path: Path
    size_bytes: int
    sha256: str
    """Lower-case hexadecimal: its ETag."""
    kind: bytes
    """Its content type."""

    @property
    def etag(self) -> bytes:
        """Strong: other bytes have another one."""
        return f'"{self.sha256}"'.encode()


class Part(NamedTuple):
    """Which bytes: from `start`, `size` of them."""

    start: int
    size: int


async def send_file(
    scope: Scope, receive: Receive, send: Send, file: File, headers: Headers = ()
) -> None:
    """Answer a GET or HEAD: 200, 206, 304 or 416.

    Raises:
        ModelError: it is not on the disk as it should be.
    """
    own = [(b"etag", file.etag), (b"accept-ranges", b"bytes"), *headers]
    if _has_it(header(scope, b"if-none-match"), file.etag):
        await send({"type": "http.response.start", "status": 304, "headers": own})
        await send({"type": "http.response.body", "body": b""})
        return
    part = part_of(scope, file)
    if part is None:
        whole = (b"content-range", b"bytes */%d" % file.size_bytes)
        await respond(send, 416, b"", [*own, whole], file.kind)
        return
    await _send_part(scope, receive, send, file, part, own)


def part_of(scope: Scope, file: File) -> Part | None:
    """What is asked for; None: nothing of it is there. Several ranges at once are given whole."""
    whole = Part(0, file.size_bytes)
    asked = header(scope, b"range")
    if asked is None or not _still(header(scope, b"if-range"), file.etag):
        return whole
    found = _RANGE(asked.strip())
    if found is None or found[1] == found[2] == b"":
        return whole
    if found[1] == b"":
        size = min(int(found[2]), file.size_bytes)
        return Part(file.size_bytes - size, size) if size else None
    first, last = int(found[1]), int(found[2] or file.size_bytes)
    if last < first:
        return whole
    return (
        Part(first, min(last, file.size_bytes - 1) - first + 1) if first < file.size_bytes else None
    )


def _still(if_range: bytes | None, etag: bytes) -> bool:
    """Whether the parts that the client has are of this file. It knows no date of it."""
    return if_range is None or if_range.strip() == etag


def _has_it(if_none_match: bytes | None, etag: bytes) -> bool:
    if if_none_match is None:
        return False
    return if_none_match.strip() == b"*" or etag in _TAG.findall(if_none_match)


async def _send_part(
    scope: Scope, receive: Receive, send: Send, file: File, part: Part, headers: Headers
) -> None:
    size = [(b"content-type", file.kind), (b"content-length", b"%d" % part.size)]
    status = 200
    if part.size != file.size_bytes:
        status, last = 206, part.start + part.size - 1
        size.append((b"content-range", b"bytes %d-%d/%d" % (part.start, last, file.size_bytes)))
    opened = await asyncio.to_thread(_opened, file, part.start)
    with opened:
        await send({"type": "http.response.start", "status": status, "headers": [*size, *headers]})
        left_bytes = 0 if scope["method"] == "HEAD" else part.size
        await send_pieces(scope, receive, send, opened, left_bytes)


def _opened(file: File, start: int) -> BinaryIO:
    try:
        opened = file.path.open("rb")
    except OSError as error:
        raise _changed(file) from error
    if opened.seek(0, 2) != file.size_bytes:
        opened.close()
        raise _changed(file)
    opened.seek(start)
    return opened


def _changed(file: File) -> ModelError:
    line = f"{file.path.name} is not on the disk as it was made."
    return ModelError(
        line, fix="Ask again: a model's is made again. Of the page itself: install Sprat again."
    )


async def send_pieces(
    scope: Scope, receive: Receive, send: Send, source: BinaryIO, left_bytes: int
) -> None:
    """Send so many bytes of `source`, a piece at a time, as fast as the client takes them."""
    watching = asyncio.create_task(left(receive))
    try:
        while left_bytes > 0 and not watching.done():
            piece = await asyncio.to_thread(source.read, min(PIECE_BYTES, left_bytes))
            left_bytes -= len(piece)
            async with asyncio.timeout(STALLED_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if not piece:
                break
        if left_bytes:
            _abort(scope)
        else:
            await send({"type": "http.response.body", "body": b""})
    except TimeoutError:
        _abort(scope)
    finally:
        watching.cancel()


def _abort(scope: Scope) -> None:
    """End the connection: the client is gone, or the rest cannot be had; it sees that it is cut."""
    if abort := scope.get("state", {}).get("abort"):
        abort()
