"""The vectors of one answer of `/embeddings`: base64 or lists of numbers, in any order."""

import base64
import binascii
import math
import sys
from array import array

import msgspec

from sprat.engines.openai.chunks import no_answer, words
from sprat.errors import EngineRefused


class _Item(msgspec.Struct):
    embedding: str | list[float]
    index: int | None = None


class _Counts(msgspec.Struct):
    prompt_tokens: int | None = None
    total_tokens: int | None = None


class _Answer(msgspec.Struct):
    data: list[_Item] | None = None
    usage: _Counts | None = None
    error: object = None


class Vectors(msgspec.Struct, frozen=True):
    """What came back for one batch of texts."""

    vectors: tuple[bytes, ...]
    """One per text: little-endian float32 each, all of one length."""
    input_tokens: int | None
    """The server's count; None when it did not count."""


_ANSWER = msgspec.json.Decoder(_Answer)


def read_vectors(raw: bytes, count: int) -> Vectors:
    """Read an answer that must hold `count` vectors.

    Raises:
        EngineRefused: an error of the server, or vectors that are too few, uneven or no numbers.
    """
    try:
        answer = _ANSWER.decode(raw)
    except (ValueError, RecursionError) as error:
        raise no_answer(raw, "no list of embeddings", error) from error
    if answer.error or answer.data is None:
        said = words(answer.error) if answer.error else "no embeddings"
        raise EngineRefused(f"The server answered with an error: {said}.")
    vectors = tuple(_float32(item.embedding) for item in _in_order(answer.data, count))
    lengths = sorted({len(vector) // 4 for vector in vectors})
    if len(lengths) != 1 or not lengths[0]:
        raise EngineRefused(f"The server's vectors have no one length: {lengths[:5]} numbers.")
    return Vectors(vectors, answer.usage.prompt_tokens if answer.usage else None)


def _in_order(items: list[_Item], count: int) -> list[_Item]:
    if len(items) != count:
        raise EngineRefused(f"The server sent {len(items)} vectors for {count} texts.")
    places = [at if item.index is None else item.index for at, item in enumerate(items)]
    if sorted(places) != list(range(count)):
        raise EngineRefused(f"The server numbered its {count} vectors {sorted(places)[:5]}….")
    return [item for _, item in sorted(zip(places, items, strict=True), key=lambda pair: pair[0])]


def _float32(said: str | list[float]) -> bytes:
    """Little-endian float32, whatever this machine's own order is."""
    numbers = array("f")
    if isinstance(said, str):
        numbers.frombytes(_bytes(said))
        if sys.byteorder == "big":
            numbers.byteswap()
    else:
        numbers.extend(said)
    if not math.isfinite(sum(numbers)):  # one that is not makes the sum so; finite ones never do
        raise EngineRefused("The server sent a vector with a number that is not finite.")
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EngineRefused(f"The server sent a vector that is no base64 ({error}).") from error
    if len(raw) % 4:
        raise EngineRefused(f"The server sent a vector of {len(raw)} bytes, no whole float32s.")
    return raw
