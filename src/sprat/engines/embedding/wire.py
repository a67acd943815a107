"""What the parent and an embedding worker say to each other, in the frames of all workers."""

import msgspec

from sprat.engines.worker.wire import Cancel, Fault, Ready, Taken


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker runs its model: JSON, its one argument."""

    folder: str
    threads: int


class Embed(msgspec.Struct, frozen=True, tag="embed"):
    """Parent: turn these into vectors of so many dimensions (None: as many as there are)."""

    id: int
    texts: tuple[str, ...]
    dimensions: int | None = None


class Vectors(msgspec.Struct, frozen=True, tag="vectors"):
    """Worker: the vectors of some of the texts, and which those are, counted from 0."""

    id: int
    places: tuple[int, ...]
    vectors: tuple[bytes, ...]
    """Little-endian float32 each."""


class Embedded(msgspec.Struct, frozen=True, tag="embedded", kw_only=True):
    """Worker: every vector was sent."""

    id: int
    dimensions: int
    input_tokens: int
    prepared_ns: int
    started_ns: int


ToWorker = Embed | Cancel
FromWorker = Ready | Taken | Vectors | Embedded | Fault

decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
