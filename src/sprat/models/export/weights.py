"""Tensors of the GGUF → initialisers and the nodes that multiply by them."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from onnx import TensorProto

from sprat.errors import BadWeights
from sprat.models.export.blocks import FORMATS, Format, read_blocks
from sprat.models.export.lanes import in_order
from sprat.models.export.packing import Packed, columns, lookup, pack, product_format
from sprat.models.export.store import Store
from sprat.models.gguf import Gguf, Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]

CHUNK_BYTES = 1 << 18  # of raw GGUF: what is worked on stays in the processor's cache
FLOAT_TYPES = {"F32": TensorProto.FLOAT, "F16": TensorProto.FLOAT16, "BF16": TensorProto.BFLOAT16}


class Matrix(msgspec.Struct, frozen=True):
    """All rows of one tensor, in the order that the graph wants."""

    tensor: str
    pairs: int = 0
    """Rows come as `pairs` heads of interleaved rotary pairs, to be put in halves; 0: as is."""


class Quantised(msgspec.Struct, frozen=True):
    """Initialisers of one `MatMulNBits`."""

    format: Format
    k: int
    n: int
    inputs: tuple[str, ...]
    """B, scales and, where there are minima, zero points."""


class Weights:
    """Reads from the GGUF and writes to the store."""

    def __init__(
        self,
        gguf: Gguf,
        store: Store,
        largest_block: int = 0,
        progress: Callable[[int, int], None] | None = None,
        *,
        wide: bool = False,
    ) -> None:
        self.gguf, self.store, self._progress = gguf, store, progress
        self._done_bytes = 0
        self._largest_block, self._wide = largest_block, wide
        self._total_bytes = sum(tensor.size_bytes for tensor in gguf.tensors.values())

    def has(self, tensor: str) -> bool:
        """Whether the GGUF holds this tensor."""
        return tensor in self.gguf.tensors

    def shape(self, tensor: str) -> tuple[int, int]:
        """Rows and columns of a matrix.

        Raises:
            BadWeights: the tensor is missing or no matrix.
        """
        shape = self._tensor(tensor).shape
        if len(shape) != 2:
            raise BadWeights(f"Tensor {tensor!r} has shape {shape}, where a matrix is needed.")
        return shape[0], shape[1]

    def natural_format(self, tensor: str) -> Format | None:
        """The blocks that the tensor has in the GGUF; None: it holds floats."""
        return FORMATS.get(self._tensor(tensor).type)

    def format(self, tensor: str) -> Format | None:
        """The blocks that its products use; None: floats."""
        found = self._tensor(tensor)
        return product_format(found.type, found.shape[-1], self._largest_block, wide=self._wide)

    def vector(self, tensor: str, size: int) -> "Floats":
        """A one-dimensional tensor as floats.

        Raises:
            BadWeights: it is missing or has another size.
        """
        found = self._tensor(tensor)
        if found.shape != (size,) or found.type not in FLOAT_TYPES:
            raise BadWeights(
                f"Tensor {tensor!r} is {found.type} of shape {found.shape}, not {size} floats.",
                fix="Use another conversion of the model.",
            )
        return as_floats(self.gguf.data(tensor).reshape(-1), found.type)

    def float_matrix(self, matrix: Matrix) -> str:
        """Store a float matrix in its own type and return its initialiser."""
        found = self._tensor(matrix.tensor)
        stream = self.store.begin(matrix.tensor, FLOAT_TYPES[found.type], found.shape)
        for piece, _ in self.pieces(matrix):
            stream.write(piece)
        return stream.end()

    def quantised(self, name: str, matrices: Sequence[Matrix]) -> Quantised:
        """Store matrices of one format, stacked, for one `MatMulNBits`."""
        import numpy as np

        format_, k = self._common(matrices)
        n = sum(self.shape(matrix.tensor)[0] for matrix in matrices)
        blocks = columns(format_, k) // format_.block
        shape = (n, blocks, format_.block * format_.bits // 8)
        stream = self.store.begin(f"{name}.codes", TensorProto.UINT8, shape)
        scales: list[Floats] = []
        zeros: list[Bytes] = []
        for packed in self._packed(format_, matrices):
            stream.write(packed.codes)
            scales.append(packed.scales)
            if packed.zeros is not None:
                zeros.append(packed.zeros)
        inputs = [stream.end(), self.store.add(f"{name}.scales", np.concatenate(scales))]
        if zeros:
            inputs.append(self.store.add(f"{name}.zeros", np.concatenate(zeros)))
        return Quantised(format_, k, n, tuple(inputs))

    def lookup_table(self, tensor: str, format_: Format) -> tuple[str, str, str | None]:
        """Store an embedding for `GatherBlockQuantized`: codes, scales, per-block additions."""
        import numpy as np

        rows, k = self.shape(tensor)
        shape = (rows, k * format_.bits // 8)
        stream = self.store.begin(f"{tensor}.codes", TensorProto.UINT8, shape)
        scales: list[Floats] = []
        additions: list[Floats] = []
        for raw, kind in self.pieces(Matrix(tensor)):
            codes, scale, addition = lookup(format_, kind, read_blocks(kind, raw))
            stream.write(codes)
            scales.append(scale)
            if addition is not None:
                additions.append(addition)
        names = stream.end(), self.store.add(f"{tensor}.scales", np.concatenate(scales))
        if not additions:
            return *names, None
        return *names, self.store.add(f"{tensor}.additions", np.concatenate(additions))

    def _report(self, count: int) -> None:
        self._done_bytes += count
        if self._progress:
            self._progress(min(self._done_bytes, self._total_bytes), self._total_bytes)

    def _tensor(self, name: str) -> Tensor:
        found = self.gguf.tensors.get(name)
        if found is None:
            raise BadWeights(
                f"{self.gguf.path.name} has no tensor {name!r}.",
                fix="Use the whole model, not a part of it.",
            )
        return found

    def _common(self, matrices: Sequence[Matrix]) -> tuple[Format, int]:
        formats = {self.format(matrix.tensor) for matrix in matrices}
        widths = {self.shape(matrix.tensor)[1] for matrix in matrices}
        format_ = formats.pop()
        if formats or format_ is None or len(widths) != 1:
            raise BadWeights(f"Tensors that belong together differ: {matrices}.")
        return format_, widths.pop()

    def _packed(self, format_: Format, matrices: Sequence[Matrix]) -> Iterator[Packed]:
        def work(piece: "tuple[Bytes, str]") -> Packed:
            raw, kind = piece
            return pack(format_, kind, read_blocks(kind, raw))

        pieces = (piece for matrix in matrices for piece in self.pieces(matrix))
        return in_order(work, pieces)

    def pieces(self, matrix: Matrix) -> Iterator[tuple["Bytes", str]]:
        """Rows in pieces of about `CHUNK_BYTES`, whole heads together where they are permuted."""
        tensor = self._tensor(matrix.tensor)
        group = tensor.rows // matrix.pairs if matrix.pairs else 1
        row_bytes = tensor.size_bytes // tensor.rows
        step = max(1, CHUNK_BYTES // (row_bytes * group)) * group
        for first in range(0, tensor.rows, step):
            raw = self.gguf.data(matrix.tensor, first, min(step, tensor.rows - first))
            self._report(raw.nbytes)
            yield _in_halves(raw, group) if matrix.pairs else raw, tensor.type


def _in_halves(raw: "Bytes", head_rows: int) -> "Bytes":
    """Rows 0,1,2,3,… of each head → 0,2,…,1,3,…: what llama.cpp's converter undid."""
    pairs = raw.reshape(-1, head_rows // 2, 2, raw.shape[1])
    return pairs.swapaxes(1, 2).reshape(raw.shape)


def as_floats(raw: "Bytes", kind: str) -> "Floats":
    """The bytes of a float type as single floats."""
    import numpy as np

    if kind == "F32":
        return raw.view("<f4").astype(np.float32)
    if kind == "F16":
        return raw.view("<f2").astype(np.float32)
    return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32)
