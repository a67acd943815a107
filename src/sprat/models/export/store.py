"""The external data file of an ONNX model, written as a stream."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from onnx import TensorProto

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIGNMENT = 4096  # so that ONNX Runtime can map a tensor instead of copying it
INLINE_BYTES = 1024  # smaller tensors live in the model file: shape inference reads them there

_ONNX_TYPES = {
    "uint8": TensorProto.UINT8,
    "float16": TensorProto.FLOAT16,
    "float32": TensorProto.FLOAT,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
}


class Store:
    """Collects initialisers; their bytes go to the data file as they come.

    With `half`, whole arrays of single floats are stored in half precision.
    """

    def __init__(self, file: Path, *, half: bool = False) -> None:
        self.initialisers: list[TensorProto] = []
        self.half = half
        self._name = file.name
        self._file = file.open("wb", buffering=1 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, name: str, array: "NDArray[Any]") -> str:
        """Add a whole array; returns its name."""
        if self.half and array.dtype.name == "float32":
            array = array.astype("float16")
        kind = _ONNX_TYPES[array.dtype.name]
        if array.nbytes < INLINE_BYTES:
            tensor = TensorProto(name=name, data_type=kind, dims=array.shape)
            tensor.raw_data = array.tobytes()
            self.initialisers.append(tensor)
            return name
        stream = self.begin(name, kind, array.shape)
        stream.write(array)
        return stream.end()

    def begin(self, name: str, kind: int, shape: tuple[int, ...]) -> "Stream":
        """Start an array that is written piece by piece; only one can be open at a time."""
        return Stream(self, name, kind, shape)

    def flush_to_disk(self) -> None:
        """Make sure that the bytes are on the disk, not only on their way to it."""
        import os

        self._file.flush()
        os.fsync(self._file.fileno())

    def align(self) -> int:
        """Pad to the next boundary; returns where that is."""
        self._file.write(b"\0" * (-self._file.tell() % ALIGNMENT))
        return self._file.tell()

    def write(self, array: "NDArray[Any]") -> None:
        """Append bytes."""
        import numpy as np

        self._file.write(np.ascontiguousarray(array).data)

    def register(self, name: str, kind: int, shape: tuple[int, ...], offset: int) -> None:
        """Record what was written from `offset` to here as tensor `name`."""
        tensor = TensorProto(name=name, data_type=kind, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        length = self._file.tell() - offset
        for key, value in (("location", self._name), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        self.initialisers.append(tensor)


class Stream:
    """One tensor on its way to the data file."""

    def __init__(self, store: Store, name: str, kind: int, shape: tuple[int, ...]) -> None:
        self._store, self._name, self._kind, self._shape = store, name, kind, shape
        self._offset = store.align()

    def write(self, array: "NDArray[Any]") -> None:
        """Append a piece."""
        self._store.write(array)

    def end(self) -> str:
        """Close the tensor and return its name."""
        self._store.register(self._name, self._kind, self._shape, self._offset)
        return self._name
