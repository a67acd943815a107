"""Matrices of any type → 8-bit columns with one step each, as integer products take them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from onnx import TensorProto

from sprat.models.export.blocks import FORMATS, Blocks, Format, read_blocks, unpaired
from sprat.models.export.lanes import in_order
from sprat.models.export.store import Store
from sprat.models.export.web.smooth import Smooth
from sprat.models.export.weights import Matrix, Weights, as_floats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]


STRIP = 64  # columns turned into rows at a time


class Columns(msgspec.Struct, frozen=True):
    """Initialisers: codes [inputs, outputs] around 128, and steps [outputs]."""

    codes: str
    steps: str


def columns(
    weights: Weights, store: Store, name: str, matrices: Sequence[Matrix], smooth: Smooth
) -> None:
    """Store matrices side by side as `name.codes` and `name.steps`."""
    import numpy as np

    codes, steps = zip(*_rows(weights, matrices, smooth), strict=True)
    whole = np.concatenate(codes)
    stream = store.begin(f"{name}.codes", TensorProto.UINT8, whole.T.shape)
    for first in range(0, whole.shape[1], STRIP):
        stream.write(whole[:, first : first + STRIP].T)
    stream.end()
    store.add(f"{name}.steps", np.concatenate(steps))


class _Piece(NamedTuple):
    raw: "Bytes"
    kind: str
    inputs: "Floats | None"
    """Each column's factor."""
    outputs: "Floats | None"
    """Each row's divisor."""


def _rows(
    weights: Weights, matrices: Sequence[Matrix], smooth: Smooth
) -> Iterator[tuple["Bytes", "Floats"]]:
    return in_order(_quantised, _pieces(weights, matrices, smooth))


def _pieces(weights: Weights, matrices: Sequence[Matrix], smooth: Smooth) -> Iterator[_Piece]:
    for matrix in matrices:
        inputs, outputs = smooth.inputs.get(matrix.tensor), smooth.outputs.get(matrix.tensor)
        first = 0
        for raw, kind in weights.pieces(matrix):
            end = first + len(raw)
            yield _Piece(raw, kind, inputs, None if outputs is None else outputs[first:end])
            first = end


def _quantised(piece: _Piece) -> tuple["Bytes", "Floats"]:
    """Rows in steps of 1/127 of their largest weight."""
    import numpy as np

    rows = floats(piece.raw, piece.kind)
    if piece.inputs is not None:
        rows *= piece.inputs
    if piece.outputs is not None:
        rows /= piece.outputs[:, None]
    steps = np.maximum(np.abs(rows).max(axis=1) / np.float32(127), np.float32(1e-30))
    np.rint(np.divide(rows, steps[:, None], out=rows), out=rows)
    return (rows + np.float32(128)).astype(np.uint8), steps.astype(np.float32)


def floats(raw: "Bytes", kind: str) -> "Floats":
    """Rows of a tensor type, given as [rows, bytes of a row], as [rows, weights]."""
    format_ = FORMATS.get(kind)
    if format_ is None:
        return as_floats(raw, kind)
    return _unpacked(format_, read_blocks(kind, raw))


def _unpacked(format_: Format, blocks: Blocks) -> "Floats":
    import numpy as np

    codes = blocks.codes
    if format_.bits == 4:
        codes = unpaired(codes)
    wide = codes.astype(np.float32)
    if blocks.minima is None:
        wide -= np.float32(format_.zero)
    wide *= blocks.scales[..., None]
    if blocks.minima is not None:
        wide += blocks.minima[..., None]
    return wide.reshape(wide.shape[0], -1)
