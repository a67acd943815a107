"""Blocks → the operands of `MatMulNBits` and `GatherBlockQuantized`.

A block with a minimum, w = d*q + m, is written as d*(q - z) + r: z is the nearest zero point that
the kernel takes, and the rest r, at most half a step, becomes one more weight of the row that
multiplies the block's sum of activations. So K grows by one column for each block.
"""

from typing import TYPE_CHECKING

import msgspec

from sprat.models.export.blocks import Blocks, Format

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]


class Packed(msgspec.Struct, frozen=True):
    """Rows as `MatMulNBits` takes them: [rows, blocks, bytes], [rows, blocks], [rows, bytes]."""

    codes: "Bytes"
    scales: "Floats"
    zeros: "Bytes | None"
    """None: every zero point is the format's own."""


def columns(format_: Format, k: int) -> int:
    """Inputs that a row of `k` weights multiplies, block sums included."""
    return k + k // format_.block if format_.has_minimum else k


def block_count(format_: Format, k: int) -> int:
    """Blocks of a packed row of `k` weights."""
    return -(-columns(format_, k) // format_.block)


def pack(format_: Format, blocks: Blocks) -> Packed:
    """Lay rows out for `MatMulNBits`."""
    if blocks.minima is None:
        return Packed(blocks.codes, blocks.scales, None)
    import numpy as np

    codes, scales, zeros, rest = _with_zero_points(format_, blocks, blocks.minima)
    rest_codes, rest_scales = _quantise_rest(format_, rest)
    rest_zeros = np.full(rest_scales.shape, format_.zero, np.uint8)
    return Packed(
        np.concatenate([codes, rest_codes], axis=1),
        np.concatenate([scales, rest_scales], axis=1),
        _pack_zeros(format_, np.concatenate([zeros, rest_zeros], axis=1)),
    )


def _with_zero_points(
    format_: Format, blocks: Blocks, minima: "Floats"
) -> tuple["Bytes", "Floats", "Bytes", "Floats"]:
    """Codes, scales, zero points and what they leave over, per block.

    A block whose scale is 0 holds one value only: it becomes code zero+1 at a scale of that value.
    """
    import numpy as np

    flat = blocks.scales == 0
    scales = np.where(flat, minima, blocks.scales / np.float32(format_.refine))
    codes = blocks.codes * np.uint8(format_.refine) if format_.refine > 1 else blocks.codes
    if flat.any():
        one = format_.zero + 1
        codes[flat] = one | one << 4 if format_.bits == 4 else one
    with np.errstate(divide="ignore", invalid="ignore"):
        wished = np.where(flat, np.float32(format_.zero), np.rint(-minima / scales))
    zeros = np.clip(np.nan_to_num(wished), 0, 2 * format_.zero - 1).astype(np.uint8)
    rest = np.where(flat, np.float32(0), minima + scales * zeros)
    return codes, scales, zeros, rest


def _quantise_rest(format_: Format, rest: "Floats") -> tuple["Bytes", "Floats"]:
    """[rows, blocks] → symmetric blocks of the same format, padded with zeros."""
    import numpy as np

    rows, count = rest.shape
    padded = np.zeros((rows, -(-count // format_.block), format_.block), np.float32)
    padded.reshape(rows, -1)[:, :count] = rest
    top = format_.zero - 1
    scales = np.abs(padded).max(axis=-1) / np.float32(top)
    steps = padded / np.where(scales == 0, np.float32(1), scales)[..., None]
    codes = (np.rint(steps) + format_.zero).astype(np.uint8)
    return _pack_codes(format_, codes), scales.astype(np.float32)


def _pack_codes(format_: Format, codes: "Bytes") -> "Bytes":
    return codes[..., 0::2] | codes[..., 1::2] << 4 if format_.bits == 4 else codes


def _pack_zeros(format_: Format, zeros: "Bytes") -> "Bytes":
    import numpy as np

    if format_.bits == 8:
        return zeros
    if zeros.shape[1] % 2:
        zeros = np.pad(zeros, ((0, 0), (0, 1)))
    return zeros[:, 0::2] | zeros[:, 1::2] << 4


def lookup(format_: Format, blocks: Blocks) -> tuple["Bytes", "Floats", "Floats | None"]:
    """Rows for `GatherBlockQuantized`: codes [rows, bytes], scales, and what to add per block."""
    codes = blocks.codes.reshape(blocks.codes.shape[0], -1)
    if blocks.minima is None:
        return codes, blocks.scales, None
    return codes, blocks.scales, blocks.minima + blocks.scales * format_.zero
