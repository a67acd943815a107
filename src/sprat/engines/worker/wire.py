"""What every worker and its parent say to each other: msgpack in frames with a length before."""

import struct
from typing import BinaryIO

import msgspec

LENGTH = struct.Struct("<I")
MOST_BYTES = 64 * 2**20


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Parent: nobody waits for this answer any more."""

    id: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Worker: the model is loaded."""

    at_ns: int
    provider: str
    context_tokens: int
    device: str = ""
    """What the provider computes on, where the runtime says it."""
    nodes: dict[str, int] = {}
    """How many of the graph's operators each provider computes, where known."""


class Taken(msgspec.Struct, frozen=True, tag="taken"):
    """Worker: this request was read. If the worker dies now, that may be the request's doing."""

    id: int


class Fault(msgspec.Struct, frozen=True, tag="fault"):
    """Worker: this request (None: the loading) failed. `error` names a class of sprat.errors."""

    id: int | None
    error: str
    message: str
    fix: str | None = None
    param: str | None = None
    """The parameter of the request that cannot be honoured, where known."""


encode = msgspec.msgpack.Encoder().encode


def frame(message: object) -> bytes:
    """The bytes of one message.

    Raises:
        ValueError: it is larger than the other side accepts.
    """
    body = encode(message)
    if len(body) > MOST_BYTES:
        raise ValueError(f"a message of {len(body)} bytes is over the {MOST_BYTES} allowed")
    return LENGTH.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next message's bytes; None when the other side is gone."""
    head = _exactly(stream, LENGTH.size)
    if head is None:
        return None
    (length,) = LENGTH.unpack(head)
    return _exactly(stream, length) if length <= MOST_BYTES else None


def _exactly(stream: BinaryIO, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = stream.read(count - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
