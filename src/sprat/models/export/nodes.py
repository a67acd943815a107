"""A small pen for drawing ONNX graphs: each method adds one node and returns its output."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from onnx import GraphProto, NodeProto, TensorProto, helper

from sprat.models.export.blocks import Format
from sprat.models.export.packing import columns, digit_columns, digits
from sprat.models.export.store import Store
from sprat.models.export.weights import Matrix, Quantised, Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTRIB = "com.microsoft"

Attribute = int | float | list[int] | GraphProto | TensorProto


class Pen:
    """Draws nodes; `accuracy` is the accuracy level of every `MatMulNBits`."""

    def __init__(self, store: Store, accuracy: int) -> None:
        self.nodes: list[NodeProto] = []
        self.store, self.accuracy = store, accuracy
        self.element = TensorProto.FLOAT16 if store.half else TensorProto.FLOAT
        """What floats are computed in."""
        self.like = "input_ids"
        """Has as many positions as what is being drawn."""
        self._drawn: set[str] = set()

    def once(self, name: str) -> bool:
        """Whether `name` is still to be drawn; asked once, it no longer is."""
        first = name not in self._drawn
        self._drawn.add(name)
        return first

    def node(
        self, op: str, name: str, inputs: Sequence[str], domain: str = "", **attributes: Attribute
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
        **attributes: Attribute,
    ) -> None:
        """Add a node with the outputs named."""
        self.nodes.append(
            helper.make_node(op, inputs, outputs, f"/{name}", None, domain, None, **attributes)
        )

    def constant(self, name: str, array: "NDArray[Any]") -> str:
        """An initialiser, stored once however often it is asked for."""
        if name not in self._drawn:
            self._drawn.add(name)
            self.store.add(name, array)
        return name

    def integers(self, *values: int) -> str:
        """A one-dimensional int64 constant."""
        import numpy as np

        return self.constant(
            f"ints_{'_'.join(map(str, values))}".replace("-", "m"), np.array(values, np.int64)
        )

    def with_block_sums(self, x: str, k: int, format_: Format) -> str:
        """Draw x [batch, sequence, k] with its blocks' sums behind it, once per digit."""
        block = format_.block
        name = f"{x}.with_{digits(format_)}_sums{block}"
        if name not in self._drawn:
            self._drawn.add(name)
            shape = self.integers(0, 0, k // block, block)
            blocks = self.node("Reshape", f"{name}.blocks", [x, shape])
            sums = self.node("ReduceSum", f"{name}.sums", [blocks, self.integers(-1)], keepdims=0)
            spare = digit_columns(format_, k) - k // block
            digit = [sums, self.zeros(spare)] if spare else [sums]
            self.node("Concat", name, [x, *digit * digits(format_)], axis=-1)
        return name

    def zeros(self, size: int) -> str:
        """Zeros [batch, sequence, size]; made once per run for all that need them."""
        import numpy as np

        name = f"zeros{size}" if self.like == "input_ids" else f"{self.like}.zeros{size}"
        if name not in self._drawn:
            self._drawn.add(name)
            shape = self.node("Shape", f"{name}.input", [self.like])
            wide = self.node("Concat", f"{name}.shape", [shape, self.integers(size)], axis=0)
            zero = TensorProto(dims=[1], data_type=self.element)
            zero.raw_data = np.zeros(1, np.float16 if self.store.half else np.float32).tobytes()
            self.node("ConstantOfShape", name, [wide], value=zero)
        return name

    def multiply(self, name: str, x: str, weights: Quantised, bias: str | None = None) -> str:
        """X [batch, sequence, k] times quantised rows, plus a bias."""
        format_ = weights.format
        k = weights.k
        if digits(format_):
            x = self.with_block_sums(x, k, format_)
            k = columns(format_, k)
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
        """A float matrix as what is computed in, whatever it is stored in."""
        name = f"{matrix.tensor}.f32"
        if name not in self._drawn:
            self._drawn.add(name)
            stored = weights.float_matrix(matrix)
            self.node("Cast", name, [stored], to=self.element)
        return name
