"""The attention's memory: keys and values of every token so far, one row per running request.

`KeyValueCache` lies in the machine's memory, `device_cache.DeviceCache` in a graphics card's.

The buffers are shared by input and output of the graph, so a step writes one token in place and
copies nothing. They grow by doubling; what is never touched is never given memory by the system.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sprat.engines.onnx.native import Floats, Native

BLOCK_TOKENS = 64

DType = np.dtype[Any]


class KeyValueCache:
    """Arrays of shape [rows, kv_heads, tokens, head_size], two for every layer."""

    batches = True
    """Whether several rows can be computed in one run."""

    def __init__(self, layers: int, kv_heads: int, head_size: int, dtype: np.dtype[Any]) -> None:
        self._count = 2 * layers
        self._kv_heads = kv_heads
        self._head_size = head_size
        self.dtype = dtype
        self._bound: tuple[int, int, int] | None = None
        self.rows: int = 0
        self.tokens: int = 0
        self.arrays: list[Floats] = []
        self.version = 0
        """Changes whenever the arrays moved."""

    def reserve(self, rows: int, tokens: int, used: int) -> None:
        """Make room for `rows` requests of `tokens` tokens; the first `used` rows are kept.

        Raises:
            MemoryError: there is no room; nothing is kept then, and the cache is empty.
        """
        if rows <= self.rows and tokens <= self.tokens:
            return
        rows = max(rows, self.rows)
        if tokens > self.tokens:
            tokens = -(-max(tokens, self.tokens) // BLOCK_TOKENS) * BLOCK_TOKENS
        tokens = max(tokens, self.tokens)
        old, self.arrays, before = self.arrays, [], self.tokens
        self.rows = self.tokens = 0  # until all is there: half of it must not be computed with
        self.version += 1
        self.arrays = self._grown(
            old, (rows, self._kv_heads, tokens, self._head_size), used, before
        )
        self.rows, self.tokens = rows, tokens

    def _grown(
        self, old: "list[Floats]", shape: tuple[int, ...], used: int, before: int
    ) -> "list[Floats]":
        """New arrays, with what the old ones hold; those are let go one by one.

        So the peak is one array more, not twice the cache.
        """
        old.reverse()
        arrays: list[Floats] = []
        for _ in range(self._count):
            new = np.zeros(shape, self.dtype)
            if old:
                new[:used, :, :before] = old.pop()[:used]
            arrays.append(new)
        return arrays

    def move(self, source: int, target: int, tokens: int) -> None:
        """Copy the first `tokens` tokens of row `source` over row `target`."""
        for array in self.arrays:
            array[target, :, :tokens] = array[source, :, :tokens]

    def bind(
        self,
        binding: "Native",
        past: Sequence[str],
        present: Sequence[str],
        first_row: int,
        rows: int,
    ) -> None:
        """Let the graph read and write these rows: the same memory as its inputs and outputs."""
        key = (first_row, rows, self.version)
        if key == self._bound:
            return
        shape = (rows, *self.arrays[0].shape[1:])
        for index, (read, written) in enumerate(zip(past, present, strict=True)):
            at = self.address(index, first_row)
            binding.bind_input(read, "cpu", 0, self.dtype, shape, at)
            binding.bind_output(written, "cpu", 0, self.dtype, shape, at)
        self._bound = key

    def address(self, index: int, row: int) -> int:
        """Where row `row` of array `index` begins in memory."""
        array = self.arrays[index]
        return int(array.ctypes.data) + row * int(array.strides[0])
