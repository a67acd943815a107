"""Reads GGUF files: metadata at once, tensors as views into the mapped file.

Every number of the header is checked against the file's size before it is used, so that a
damaged or hostile file is a `BadWeights` and never a crash or a huge allocation.

Source: the GGUF specification, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from sprat.errors import BadWeights, UnsupportedModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"GGUF"
MAX_DIMENSIONS = 4
MAX_KEYS = 100_000
MAX_TENSORS = 1_000_000
MAX_NAME_BYTES = 4096
MAX_ARRAY_DEPTH = 3
MAX_ALIGNMENT = 1 << 16

# Type of a metadata value → how `struct` reads it. 7 is bool, 8 string, 9 array.
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_BOOL, _STRING, _ARRAY = 7, 8, 9

# Tensor type → (its name, elements in a block, bytes of a block).
TENSOR_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 30: ("BF16", 1, 2),
    2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210),
}  # fmt: skip


class Tensor(msgspec.Struct, frozen=True):
    """Where one tensor lies in the file."""

    name: str
    shape: tuple[int, ...]
    """Rows first, as numpy counts: the reverse of the order in the file."""
    type: str
    """`F32`, `Q4_K`, …"""
    offset_bytes: int
    size_bytes: int

    @property
    def rows(self) -> int:
        """All dimensions but the last, multiplied."""
        count = 1
        for size in self.shape[:-1]:
            count *= size
        return count


class Gguf:
    """An open GGUF file; use it as a context manager.

    Raises:
        BadWeights: truncated, not GGUF, or a header that contradicts the file.
        UnsupportedModel: a tensor type or a GGUF version that is not read here.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._map = _map(path)
        try:
            self._read_header()
        except BaseException:
            self._map.close()
            raise

    def _read_header(self) -> None:
        cursor = _Cursor(self._map, self.path)
        tensor_count, key_count = _counts(cursor)
        self.metadata: Mapping[str, Any] = _metadata(cursor, key_count)
        self.tensors: Mapping[str, Tensor] = _tensors(cursor, tensor_count, self.metadata)

    def data(self, name: str, first_row: int = 0, rows: int | None = None) -> "NDArray[np.uint8]":
        """Bytes of `rows` rows from `first_row`, as [rows, bytes of a row]; a view, not a copy."""
        import numpy as np

        tensor = self.tensors[name]
        row_bytes = tensor.size_bytes // tensor.rows
        count = tensor.rows - first_row if rows is None else rows
        start = tensor.offset_bytes + first_row * row_bytes
        flat = np.frombuffer(self._map, np.uint8, count * row_bytes, start)
        return flat.reshape(count, row_bytes)

    def close(self) -> None:
        """Unmap the file; views of it that are still held keep it open a little longer."""
        try:
            self._map.close()
        except BufferError:
            del self._map

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _map(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise BadWeights(
                    f"{path} is no GGUF file: it does not begin with 'GGUF'.",
                    fix="Give a .gguf file.",
                )
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise BadWeights(
            f"{path} cannot be read: {error.strerror or error}.", fix="Check the path."
        ) from error


class _Cursor:
    """Reads forward through the header and never past the end of the file."""

    def __init__(self, buffer: mmap.mmap, path: Path) -> None:
        self.buffer, self.path, self.at, self.size = buffer, path, 0, len(buffer)

    def fail(self, what: str) -> BadWeights:
        return BadWeights(
            f"{self.path} is damaged: {what} (at byte {self.at} of {self.size}).",
            fix="Fetch the file again.",
        )

    def need(self, count: int) -> int:
        start = self.at
        if count < 0 or count > self.size - start:
            raise self.fail(f"it ends where {count} more bytes should follow")
        self.at = start + count
        return start

    def scalar(self, code: str) -> Any:  # noqa: ANN401 (whatever `struct` reads)
        start = self.need(struct.calcsize("<" + code))
        return struct.unpack_from("<" + code, self.buffer, start)[0]

    def text(self, limit: int | None = None) -> str:
        length = self.scalar("Q")
        if limit is not None and length > limit:
            raise self.fail(f"a name of {length} bytes")
        start = self.need(length)
        return self.decoded(start, start + length)

    def texts(self, count: int) -> list[str]:
        """`count` strings; the vocabulary's hot loop, so bounds are checked in place."""
        buffer, size, at = self.buffer, self.size, self.at
        unpack = struct.Struct("<Q").unpack_from
        found: list[str] = []
        for _ in range(count):
            if at + 8 > size:
                raise self.fail("it ends inside a list of texts")
            end = at + 8 + unpack(buffer, at)[0]
            if end > size:
                raise self.fail("it ends inside a text")
            found.append(self.decoded(at + 8, end))
            at = end
        self.at = at
        return found

    def decoded(self, start: int, end: int) -> str:
        try:
            return str(self.buffer[start:end], "utf-8")
        except UnicodeDecodeError as error:
            raise self.fail("a text that is not UTF-8") from error

    def value(self, kind: int, depth: int = 0) -> Any:  # noqa: ANN401 (JSON-like)
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind == _BOOL:
            return self.scalar("B") != 0
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY and depth < MAX_ARRAY_DEPTH:
            return self.array(depth)
        raise self.fail(f"a metadata value of unknown type {kind}")

    def array(self, depth: int) -> list[Any]:
        kind, count = self.scalar("I"), self.scalar("Q")
        if count > self.size - self.at:  # every element takes a byte at the least
            raise self.fail(f"a list of {count} elements")
        if kind == _STRING:
            return self.texts(count)
        code = "?" if kind == _BOOL else _SCALARS.get(kind)
        if code is None:
            return [self.value(kind, depth + 1) for _ in range(count)]
        start = self.need(count * struct.calcsize("<" + code))
        return list(struct.unpack_from(f"<{count}{code}", self.buffer, start))


def _counts(cursor: _Cursor) -> tuple[int, int]:
    cursor.need(len(MAGIC))
    version = cursor.scalar("I")
    if version not in (2, 3):
        if version in (2 << 24, 3 << 24):
            raise UnsupportedModel(
                f"{cursor.path} is a big-endian GGUF.", fix="Convert it to little-endian."
            )
        raise UnsupportedModel(
            f"{cursor.path} is GGUF version {version}; 2 and 3 are read.",
            fix="Convert it with a current llama.cpp.",
        )
    tensor_count, key_count = cursor.scalar("Q"), cursor.scalar("Q")
    if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
        raise cursor.fail(f"it claims {tensor_count} tensors and {key_count} keys")
    return tensor_count, key_count


def _metadata(cursor: _Cursor, count: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(count):
        key = cursor.text(MAX_NAME_BYTES)
        found[key] = cursor.value(cursor.scalar("I"))
    return found


def _tensors(cursor: _Cursor, count: int, metadata: Mapping[str, Any]) -> dict[str, Tensor]:
    headers = [_tensor_header(cursor) for _ in range(count)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= MAX_ALIGNMENT:
        raise cursor.fail(f"an alignment of {alignment!r}")
    base = -(-cursor.at // alignment) * alignment
    found: dict[str, Tensor] = {}
    for header in headers:
        tensor = msgspec.structs.replace(header, offset_bytes=base + header.offset_bytes)
        if tensor.name in found:
            raise cursor.fail(f"two tensors named {tensor.name!r}")
        if tensor.offset_bytes + tensor.size_bytes > cursor.size:
            raise cursor.fail(f"tensor {tensor.name!r} lies past the end of the file")
        found[tensor.name] = tensor
    return found


def _tensor_header(cursor: _Cursor) -> Tensor:
    name = cursor.text(MAX_NAME_BYTES)
    dimensions = cursor.scalar("I")
    if not 0 < dimensions <= MAX_DIMENSIONS:
        raise cursor.fail(f"tensor {name!r} with {dimensions} dimensions")
    shape = tuple(cursor.scalar("Q") for _ in range(dimensions))[::-1]
    type_code, offset = cursor.scalar("I"), cursor.scalar("Q")
    if type_code not in TENSOR_TYPES:
        raise UnsupportedModel(
            f"{cursor.path}: tensor {name!r} has type {_type_name(type_code)}, which is not read "
            f"here ({', '.join(kind for kind, _, _ in TENSOR_TYPES.values())} are).",
            fix="Use a quantisation such as Q4_K_M or Q8_0 of the same model.",
        )
    kind, block, block_bytes = TENSOR_TYPES[type_code]
    elements = 1
    for size in shape:
        elements *= size
    if elements == 0 or elements > cursor.size * 4 or shape[-1] % block:
        raise cursor.fail(
            f"tensor {name!r} of shape {shape} and type {kind} is empty, no whole "
            "number of blocks, or more than the file holds"
        )
    return Tensor(name, shape, kind, offset, elements // block * block_bytes)


def _type_name(code: int) -> str:
    from gguf.constants import GGMLQuantizationType

    return next((kind.name for kind in GGMLQuantizationType if kind.value == code), str(code))
