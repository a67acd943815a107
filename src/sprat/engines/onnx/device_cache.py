"""The attention's memory on a graphics card: a step moves few numbers over the bus, not all of it.

The same tensors are input and output of the graph, as in `cache`: attention then appends in place.
With separate ones, ONNX Runtime's WebGPU attention takes the whole buffer for the past.
"""

from collections.abc import Sequence

import numpy as np

from sprat.engines.onnx.cache import BLOCK_TOKENS, DType
from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.native import Native, ort


class DeviceCache:
    """Tensors of shape [1, kv_heads, tokens, head_size], two for every layer, for each row."""

    batches = False
    """A row is a tensor of its own: the runtime binds whole tensors, not parts of one."""

    def __init__(self, session: Native, place: Native, folder: Folder, dtype: DType) -> None:
        """`place` is the memory that the session wants for it, as ONNX Runtime describes it."""
        self._session = session
        self._place = place
        self._count = 2 * folder.layers
        self._kv_heads, self._head_size = folder.kv_heads, folder.head_size
        self.dtype = dtype
        self.tokens: int = 0
        self._values: list[list[Native]] = []
        self._bound: list[Native] | None = None

    @property
    def rows(self) -> int:
        """Requests that it has room for."""
        return len(self._values)

    def reserve(self, rows: int, tokens: int, used: int) -> None:
        """Make room for `rows` requests of `tokens` tokens; the first `used` rows are kept."""
        if tokens > self.tokens:
            longer = -(-tokens // BLOCK_TOKENS) * BLOCK_TOKENS
            for row, values in enumerate(self._values):
                self._values[row] = [
                    self._grown(value, longer) if row < used else self._new(longer)
                    for value in values
                ]
            self.tokens = longer  # only now: the card may have had no room for one of them
        while self.rows < rows:
            self._values.append([self._new(self.tokens) for _ in range(self._count)])

    def move(self, source: int, target: int, tokens: int) -> None:
        """Copy row `source` over row `target`: all of it, the card does that at once."""
        ort.copy_tensors(self._values[source], self._values[target])

    def bind(
        self,
        binding: Native,
        past: Sequence[str],
        present: Sequence[str],
        first_row: int,
        rows: int,
    ) -> None:
        """Let the graph read and write this row.

        Raises:
            ValueError: more than one row.
        """
        if rows != 1:
            raise ValueError(f"{rows} rows at once; on a device each is computed by itself")
        values = self._values[first_row]
        if values is self._bound:
            return
        for value, read, written in zip(values, past, present, strict=True):
            binding.bind_ortvalue_input(read, value)
            binding.bind_ortvalue_output(written, value)
        self._bound = values

    def _new(self, tokens: int) -> Native:
        shape = (1, self._kv_heads, tokens, self._head_size)
        place = self._place
        return self._session.create_ortvalue_from_shape_and_type(
            shape, self.dtype.type, "gpu", place.device_id, place.device_vendor_id
        )

    def _grown(self, old: Native, tokens: int) -> Native:
        """A longer tensor that begins with the old one's tokens, by way of the host."""
        shape = (1, self._kv_heads, tokens, self._head_size)
        short, long = np.empty(old.shape(), self.dtype), np.zeros(shape, self.dtype)
        host, new = ort.OrtValue.ortvalue_from_numpy(short), self._new(tokens)
        ort.copy_tensors([old], [host])
        kept = min(old.shape()[2], tokens)  # longer where an earlier try grew this row alone
        long[:, :, :kept] = host.numpy()[:, :, :kept]
        ort.copy_tensors([ort.OrtValue.ortvalue_from_numpy(long)], [new])
        return new
