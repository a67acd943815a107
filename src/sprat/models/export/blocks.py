"""GGUF's quantised blocks, re-laid for ONNX Runtime without changing a single weight.

A block of weights is always w = scale * (code - zero) + minimum. Codes of four bits stay four
bits; five, six and eight bits are lifted to eight, which loses nothing.

Source of the layouts: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h; ONNX
Runtime's `MatMulNBits` holds element 2i in the low and 2i+1 in the high half of byte i.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]


class Format(msgspec.Struct, frozen=True):
    """How a tensor type becomes blocks for ONNX Runtime."""

    bits: int
    block: int
    """Weights that share one scale."""
    has_minimum: bool
    """Whether blocks have a minimum beside their scale."""
    room: int = 1
    """How many times the codes would fit into their bits; above 1, blocks may be joined."""
    refine: int = 1
    """Codes are multiplied by this, so that an integer zero point comes nearer to the minimum."""
    rest: bool = True
    """Whether what an integer zero point leaves over of a minimum is kept, in digits."""

    @property
    def zero(self) -> int:
        """The code of zero when no zero point is given."""
        return 1 << (self.bits - 1)


FORMATS: Final = {
    "Q4_0": Format(4, 32, has_minimum=False),
    "Q4_1": Format(4, 32, has_minimum=True),
    "Q4_K": Format(4, 32, has_minimum=True),
    "Q5_0": Format(8, 32, has_minimum=False, room=8),
    "Q5_1": Format(8, 32, has_minimum=True, refine=8),
    "Q5_K": Format(8, 32, has_minimum=True, refine=8),
    "Q6_K": Format(8, 16, has_minimum=False, room=4),
    "Q8_0": Format(8, 32, has_minimum=False),
}


class Blocks(msgspec.Struct, frozen=True):
    """Rows of blocks. Without minima a code of `Format.zero` is zero; with them code 0 is.

    Codes are [rows, blocks, bytes of a block] as `MatMulNBits` packs them; scales and minima are
    [rows, blocks].
    """

    codes: "Bytes"
    scales: "Floats"
    minima: "Floats | None"


def read_blocks(kind: str, raw: "Bytes") -> Blocks:
    """Re-lay rows of type `kind`, given as [rows, bytes of a row]."""
    return _READERS[kind](raw)


def _half(raw: "Bytes") -> "Floats":
    """Little-endian half floats at the end of the last axis, as single floats without that axis."""
    import numpy as np

    return np.ascontiguousarray(raw).view("<f2")[..., 0].astype(np.float32)


def _split(raw: "Bytes", block_bytes: int) -> "Bytes":
    return raw.reshape(raw.shape[0], -1, block_bytes)


def _repack(low_high: "Bytes") -> "Bytes":
    """Bytes holding elements i (low) and i+n (high) → bytes holding 2i (low) and 2i+1 (high)."""
    import numpy as np

    first, second = low_high[..., 0::2], low_high[..., 1::2]
    packed = np.empty(low_high.shape, np.uint8)
    half = low_high.shape[-1] // 2
    packed[..., :half] = (first & 0x0F) | (second << 4)
    packed[..., half:] = (first >> 4) | (second & 0xF0)
    return packed


def _q4_0(raw: "Bytes") -> Blocks:
    blocks = _split(raw, 18)
    return Blocks(_repack(blocks[..., 2:]), _half(blocks[..., :2]), None)


def _q4_1(raw: "Bytes") -> Blocks:
    blocks = _split(raw, 20)
    return Blocks(_repack(blocks[..., 4:]), _half(blocks[..., :2]), _half(blocks[..., 2:4]))


def _nibbles(low_high: "Bytes", top: "Bytes", add: int = 0) -> "Bytes":
    """Elements i (low) and i+n (high) of each byte, one byte each, with `top` bits and `add`."""
    import numpy as np

    half = low_high.shape[-1]
    out = np.empty((*low_high.shape[:-1], half * 2), np.uint8)
    np.bitwise_and(low_high, 0x0F, out=out[..., :half])
    np.right_shift(low_high, 4, out=out[..., half:])
    out |= top
    if add:
        out += np.uint8(add)
    return out


def _fifth_bits(raw: "Bytes") -> "Bytes":
    """Bit j of 4 bytes → element j of 32, worth 16."""
    import numpy as np

    return np.unpackbits(raw, axis=-1, bitorder="little") << np.uint8(4)


def _q5_0(raw: "Bytes") -> Blocks:
    blocks = _split(raw, 22)
    codes = _nibbles(blocks[..., 6:], _fifth_bits(blocks[..., 2:6]), 128 - 16)
    return Blocks(codes, _half(blocks[..., :2]), None)


def _q5_1(raw: "Bytes") -> Blocks:
    blocks = _split(raw, 24)
    codes = _nibbles(blocks[..., 8:], _fifth_bits(blocks[..., 4:8]))
    return Blocks(codes, _half(blocks[..., :2]), _half(blocks[..., 2:4]))


def _q8_0(raw: "Bytes") -> Blocks:
    import numpy as np

    blocks = _split(raw, 34)
    return Blocks(blocks[..., 2:] ^ np.uint8(0x80), _half(blocks[..., :2]), None)


def _k_scales(blocks: "Bytes") -> tuple["Floats", "Floats"]:
    """The eight scales and minima of a 256-weight block: [rows, blocks * 8] each."""
    import numpy as np

    scale, minimum, packed = _half(blocks[..., :2]), _half(blocks[..., 2:4]), blocks[..., 4:16]
    low, middle, high = packed[..., :4], packed[..., 4:8], packed[..., 8:]
    scales = np.concatenate([low & 63, (high & 15) | (low >> 6 << 4)], axis=-1)
    minima = np.concatenate([middle & 63, (high >> 4) | (middle >> 6 << 4)], axis=-1)
    rows = blocks.shape[0]
    return (
        (scale[..., None] * scales).reshape(rows, -1),
        (-minimum[..., None] * minima).reshape(rows, -1),
    )


def _q4_k(raw: "Bytes") -> Blocks:
    import numpy as np

    blocks = _split(raw, 144)
    low_high = blocks[..., 16:].reshape(*blocks.shape[:2], 4, 32)
    first, second = low_high[..., 0::2], low_high[..., 1::2]
    packed = np.empty((*blocks.shape[:2], 4, 2, 16), np.uint8)
    packed[..., 0, :] = (first & 0x0F) | (second << 4)
    packed[..., 1, :] = (first >> 4) | (second & 0xF0)
    return Blocks(packed.reshape(raw.shape[0], -1, 16), *_k_scales(blocks))


def _q5_k(raw: "Bytes") -> Blocks:
    import numpy as np

    blocks = _split(raw, 176)
    low_high = blocks[..., 48:].reshape(*blocks.shape[:2], 4, 32)
    bits = np.arange(8, dtype=np.uint8).reshape(4, 2, 1)
    top = ((blocks[..., None, None, 16:48] >> bits) & 1) << np.uint8(4)
    codes = np.stack([low_high & 0x0F, low_high >> 4], axis=-2)
    codes |= top
    return Blocks(codes.reshape(raw.shape[0], -1, 32).view(np.uint8), *_k_scales(blocks))


def _q6_k(raw: "Bytes") -> Blocks:
    import numpy as np

    blocks = _split(raw, 210)
    low = blocks[..., :128].reshape(*blocks.shape[:2], 2, 2, 32)
    high = blocks[..., 128:192].reshape(*blocks.shape[:2], 2, 1, 32)
    codes = np.empty((*blocks.shape[:2], 2, 4, 32), np.uint8)
    np.bitwise_and(low, 0x0F, out=codes[..., :2, :])
    np.right_shift(low, 4, out=codes[..., 2:, :])
    shifts = np.array([[4], [2], [0]], np.uint8)
    codes[..., :3, :] |= (high << shifts) & 0x30
    codes[..., 3:, :] |= (high >> 2) & 0x30
    scales = _half(blocks[..., 208:])[..., None] * blocks[..., 192:208].view(np.int8)
    codes += np.uint8(128 - 32)
    rows = raw.shape[0]
    return Blocks(codes.reshape(rows, -1, 16), scales.reshape(rows, -1), None)


def join(blocks: Blocks, room: int, together: int) -> Blocks:
    """Join so many neighbouring blocks of eight bits, whose codes fill only 1/room of the byte.

    With d the largest of their scales, codes are written in steps of d/room: the block of scale d
    keeps its weights exactly, the others are rounded to that step, at most half of it.
    """
    import numpy as np

    rows = blocks.scales.shape[0]
    scales = blocks.scales.reshape(rows, -1, together)
    largest = np.abs(scales).argmax(axis=-1)[..., None]
    joint = np.take_along_axis(scales, largest, axis=-1) / np.float32(room)
    factors = np.rint(scales / np.where(joint == 0, np.float32(1), joint) * 128).astype(np.int16)
    wide = blocks.codes.reshape(rows, -1, together, blocks.codes.shape[-1]).astype(np.int16)
    wide -= 128
    wide *= factors[..., None]  # seven fractional bits; 128 / room * room * 128 just fits
    wide += 64
    wide >>= 7
    np.minimum(wide, 127, out=wide)
    wide += 128
    codes = wide.astype(np.uint8).reshape(rows, joint.shape[1], -1)
    return Blocks(codes, joint[..., 0], None)


_READERS: Final[dict[str, Callable[["Bytes"], Blocks]]] = {
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q4_K": _q4_k,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
    "Q8_0": _q8_0,
}


def unpaired(codes: "Bytes") -> "Bytes":
    """Codes of four bits, two to a byte → one to a byte."""
    import numpy as np

    pairs = np.stack([codes & 15, codes >> 4], axis=-1)
    return pairs.reshape(*codes.shape[:-1], -1).astype(np.uint8, copy=False)
