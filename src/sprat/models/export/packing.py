"""Blocks → the operands of `MatMulNBits` and `GatherBlockQuantized`.

A block with a minimum, w = d*q + m, is written as d*(q - z) + r: z is the nearest zero point that
the kernel takes, and the rest r, at most half a step, multiplies the block's sum of activations:
one more column of the row for each block, in two digits of four bits (or one of eight).
"""

from typing import TYPE_CHECKING

import msgspec

from sprat.models.export.blocks import FORMATS, Blocks, Format, join, unpaired

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


JOINED = (64, 32)
"""Weights in a joined block: the first that divides the row.

Not 128: ONNX Runtime 1.31 multiplies 8-bit blocks of 128 with other roundings for two rows than
for one, and an answer would depend on how many tokens are computed at once.
"""

SMALL_HIDDEN, SMALL_JOINED = 768, 32
"""Narrower models keep to this block: larger ones, which activations share, cost them accuracy."""


def largest_block(hidden: int, accuracy: int) -> int:
    """How far blocks may be joined; with exact activations (level 0) nothing is traded: 0."""
    if accuracy == 0:
        return 0
    return SMALL_JOINED if hidden < SMALL_HIDDEN else JOINED[0]


def widened(natural: Format) -> Format:
    """Eight bits for blocks with a minimum: larger, but one plain product without digits.

    The zero point comes in sixteenths of a four-bit step, so at most 1/32 of a step is lost.
    """
    refine = 16 if natural.bits == 4 else natural.refine
    return msgspec.structs.replace(natural, bits=8, refine=refine, rest=False)


def product_format(kind: str, k: int, most: int, *, wide: bool = False) -> Format | None:
    """How rows of `k` weights of a type are multiplied, in blocks of `most`; None: as floats.

    With `wide`, blocks that have a minimum are widened.

    Where codes leave room in their byte, blocks are joined to larger ones: with a quarter fewer
    scales to read and to multiply by, prompts go a fifth faster and answers a tenth.
    """
    natural = FORMATS.get(kind)
    if wide and natural and natural.has_minimum:
        return widened(natural)
    if natural is None or natural.room == 1:
        return natural
    block = next((size for size in JOINED if size <= most and k % size == 0), natural.block)
    return msgspec.structs.replace(natural, block=block, room=1)


def digits(format_: Format) -> int:
    """Columns per block sum: two of four bits, coarse and fine, or one of eight."""
    return 8 // format_.bits if format_.has_minimum and format_.rest else 0


def digit_columns(format_: Format, k: int) -> int:
    """Width of one digit of every block of a row of `k` weights, in whole blocks."""
    return -(-(k // format_.block) // format_.block) * format_.block


def columns(format_: Format, k: int) -> int:
    """Inputs that a row of `k` weights multiplies, block sums included."""
    return k + digits(format_) * digit_columns(format_, k)


def pack(format_: Format, kind: str, blocks: Blocks) -> Packed:
    """Lay rows of a type out for `MatMulNBits`."""
    natural = FORMATS[kind]
    blocks = _joined(format_, natural, blocks)
    minima = blocks.minima
    if minima is None:
        return Packed(blocks.codes, blocks.scales, None)
    import numpy as np

    if natural.bits < format_.bits:
        blocks = Blocks(unpaired(blocks.codes), blocks.scales, blocks.minima)

    codes, scales, zeros, rest = _with_zero_points(format_, blocks, minima)
    if not format_.rest:
        _refit(codes, scales, zeros, rest)
    all_codes, all_scales = [codes], [scales]
    for _ in range(digits(format_)):
        digit_codes, digit_scales, rest = _digit(format_, rest)
        all_codes.append(_pack_codes(format_, digit_codes))
        all_scales.append(digit_scales)
    scales = np.concatenate(all_scales, axis=1)
    all_zeros = np.full(scales.shape, format_.zero, np.uint8)
    all_zeros[:, : zeros.shape[1]] = zeros
    return Packed(np.concatenate(all_codes, axis=1), scales, _pack_zeros(format_, all_zeros))


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


def _refit(codes: "Bytes", scales: "Floats", zeros: "Bytes", rest: "Floats") -> None:
    """Write blocks of eight bits whose zero point would lie outside them around the middle."""
    import numpy as np

    far = np.abs(rest) > np.abs(scales) * np.float32(0.51)
    if not far.any():
        return
    steps = codes[far].astype(np.float32) - zeros[far][:, None]
    values = steps * scales[far][:, None] + rest[far][:, None]
    fitted = np.abs(values).max(axis=-1) / np.float32(127)
    scales[far], zeros[far] = fitted, 128
    codes[far] = np.rint(values / fitted[:, None]) + 128


def _digit(format_: Format, rest: "Floats") -> tuple["Bytes", "Floats", "Floats"]:
    """[rows, blocks] as symmetric blocks of the same format, and what these in turn leave over."""
    import numpy as np

    rows, count = rest.shape
    padded = np.zeros((rows, -(-count // format_.block), format_.block), np.float32)
    padded.reshape(rows, -1)[:, :count] = rest
    scales = np.abs(padded).max(axis=-1) / np.float32(format_.zero - 1)
    steps = np.rint(padded / np.where(scales == 0, np.float32(1), scales)[..., None])
    left = (padded - steps * scales[..., None]).reshape(rows, -1)[:, :count]
    return (steps + format_.zero).astype(np.uint8), scales, left


def _pack_codes(format_: Format, codes: "Bytes") -> "Bytes":
    return _in_pairs(codes) if format_.bits == 4 else codes


def _in_pairs(codes: "Bytes") -> "Bytes":
    import numpy as np

    return np.bitwise_or(codes[..., 0::2], codes[..., 1::2] << np.uint8(4), dtype=np.uint8)


def _pack_zeros(format_: Format, zeros: "Bytes") -> "Bytes":
    import numpy as np

    if format_.bits == 8:
        return zeros
    if zeros.shape[1] % 2:
        zeros = np.pad(zeros, ((0, 0), (0, 1)))
    return _in_pairs(zeros)


def _joined(format_: Format, natural: Format, blocks: Blocks) -> Blocks:
    if format_.block == natural.block:
        return blocks
    return join(blocks, natural.room, format_.block // natural.block)


def lookup(format_: Format, kind: str, blocks: Blocks) -> tuple["Bytes", "Floats", "Floats | None"]:
    """Rows for `GatherBlockQuantized`: codes [rows, bytes], scales, and what to add per block."""
    blocks = _joined(format_, FORMATS[kind], blocks)
    codes = blocks.codes.reshape(blocks.codes.shape[0], -1)
    if blocks.minima is None:
        return codes, blocks.scales, None
    return codes, blocks.scales, blocks.minima + blocks.scales * format_.zero
