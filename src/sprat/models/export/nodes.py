"""A small pen for drawing ONNX graphs: each method adds one node and returns its output."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from onnx import NodeProto, TensorProto, helper

from sprat.models.export.store import Store
from sprat.models.export.weights import Matrix, Quantised, Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTRIB = "com.microsoft"


class Pen:
    """Draws nodes; `accuracy` is the accuracy level of every `MatMulNBits`."""

    def __init__(self, store: Store, accuracy: int) -> None:
        self.nodes: list[NodeProto] = []
        self.store, self.accuracy = store, accuracy
        self._constants: set[str] = set()
        self._sums: dict[tuple[str, int], str] = {}

    def node(
        self, op: str, name: str, inputs: Sequence[str], domain: str = "", **attributes: Any
    ) -> str:
        """Add a node with one output, named like the node."""
        self.several(op, name, inputs, [name], domain, **attributes)
        return name

    def several(
        self,
        op: str,
        name: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        domain: str = "",
        **attributes: Any,
    ) -> None:
        """Add a node with the outputs named."""
        self.nodes.append(
            helper.make_node(op, inputs, outputs, name=f"/{name}", domain=domain, **attributes)
        )

    def constant(self, name: str, array: "NDArray[Any]") -> str:
        """An initialiser, stored once however often it is asked for."""
        if name not in self._constants:
            self._constants.add(name)
            self.store.add(name, array)
        return name

    def integers(self, *values: int) -> str:
        """A one-dimensional int64 constant."""
        import numpy as np

        return self.constant(
            f"ints_{'_'.join(map(str, values))}".replace("-", "m"), np.array(values, np.int64)
        )

    def with_block_sums(self, x: str, k: int, block: int) -> str:
        """X [batch, sequence, k] followed by the sum of each of its blocks; shared by consumers."""
        key = (x, block)
        if key not in self._sums:
            shape = self.integers(0, 0, k // block, block)
            blocks = self.node("Reshape", f"{x}.blocks{block}", [x, shape])
            sums = self.node(
                "ReduceSum", f"{x}.sums{block}", [blocks, self.integers(-1)], keepdims=0
            )
            self._sums[key] = self.node("Concat", f"{x}.with_sums{block}", [x, sums], axis=-1)
        return self._sums[key]

    def multiply(self, name: str, x: str, weights: Quantised, bias: str | None = None) -> str:
        """X [batch, sequence, k] times quantised rows, plus a bias."""
        format_ = weights.format
        k = weights.k
        if format_.has_minimum:
            x = self.with_block_sums(x, k, format_.block)
            k += k // format_.block
        inputs = [x, *weights.inputs]
        if bias:
            inputs += [""] * (5 - len(inputs)) + [bias]
        return self.node(
            "MatMulNBits",
            name,
            inputs,
            CONTRIB,
            K=k,
            N=weights.n,
            bits=format_.bits,
            block_size=format_.block,
            accuracy_level=self.accuracy,
        )

    def multiply_floats(self, name: str, x: str, weights: Weights, matrix: Matrix) -> str:
        """X [batch, sequence, k] times rows of floats."""
        table = self.float_table(weights, matrix)
        return self.node("FusedMatMul", name, [x, table], CONTRIB, transB=1)

    def float_table(self, weights: Weights, matrix: Matrix) -> str:
        """A float matrix in single precision, whatever it is stored in."""
        name = f"{matrix.tensor}.f32"
        if name not in self._constants:
            self._constants.add(name)
            stored = weights.float_matrix(matrix)
            self.node("Cast", name, [stored], to=TensorProto.FLOAT)
        return name
