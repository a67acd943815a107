"""The decoder as browsers run it: one conversation, and logits of its last position only."""

from typing import TYPE_CHECKING

from onnx import ModelProto, TensorProto

from sprat.models.export.arch import Shape
from sprat.models.export.graph import Decoder
from sprat.models.export.nodes import CONTRIB, Pen
from sprat.models.export.store import Store
from sprat.models.export.web.int8 import Columns, columns
from sprat.models.export.web.smooth import Smooth
from sprat.models.export.weights import Matrix, Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_STEP = 1e-12  # so that a row of zeros is not divided by zero
LAST = "last_id"
FINE = frozenset({"qkv", "attn_output", "gate_up", "ffn_down", "head"})
"""Products whose activations have two digits of eight bits."""


def draw(shape: Shape, weights: Weights, store: Store) -> ModelProto:
    """Draw the whole decoder with exact activations."""
    return WebDecoder(shape, weights, Pen(store, accuracy=0)).draw()


def draw_int8(shape: Shape, weights: Weights, store: Store, smooth: Smooth) -> ModelProto:
    """Draw the whole decoder with 8-bit weights and activations."""
    decoder = Int8Decoder(shape, weights, Pen(store, accuracy=0))
    decoder.smooth = smooth
    return decoder.draw()


class WebDecoder(Decoder):
    """From the last layer's attention on, only the last position is computed."""

    positions = 1

    def needed(self, index: int, x: str) -> str:
        """Of the last layer: its last position."""
        return self.last_of(x) if index + 1 == len(self.shape.layers) else x

    def last_of(self, x: str) -> str:
        """The last position of x [batch, sequence, …]."""
        pen, one = self.pen, self.pen.integers(1)
        ends = [pen.integers(-1), pen.integers(2**31 - 1), one]
        if pen.once(LAST):
            pen.node("Slice", LAST, ["input_ids", *ends])
            pen.like = LAST
        return pen.node("Slice", f"{x}.last", [x, *ends])

    def head(self, y: str) -> str:
        """Logits in single precision, whatever they were computed in."""
        logits = super().head(y)
        if self.pen.element == TensorProto.FLOAT:
            return logits
        return self.pen.node("Cast", "logits_single", [logits], to=TensorProto.FLOAT)


class Int8Decoder(WebDecoder):
    """Every product of 8-bit numbers: what WebAssembly is quick at.

    Weights have a step per output. Activations have one per position, so that an answer does not
    depend on how many tokens are read at once. Both are unsigned around 128: the products of signed
    ones saturate in the 16-bit sums of older processors, and the native answer would be another.
    """

    smooth: Smooth

    def look_up(self, tensor: str) -> str:
        """Rows of 8-bit numbers with a step each; shared with the head where the GGUF shares it."""
        pen, stored = self.pen, self._columns("embedding", [Matrix(tensor)])
        found = pen.node("Gather", "embedded_codes", [stored.codes, "input_ids"], axis=1)
        codes = pen.node("Transpose", "embedded_rows", [found], perm=[1, 2, 0])
        floats = pen.node("Cast", "embedded_floats", [codes], to=TensorProto.FLOAT)
        centred = pen.node("Sub", "embedded_centred", [floats, self._number("centre", 128.0)])
        steps = pen.node("Gather", "embedded_steps", [stored.steps, "input_ids"])
        wide = pen.node("Unsqueeze", "embedded_wide", [steps, pen.integers(-1)])
        return pen.node("Mul", "embedded", [centred, wide])

    def head(self, y: str) -> str:
        """Logits of the last position."""
        own = self.weights.has("output.weight")
        name, tensor = ("head", "output.weight") if own else ("embedding", "token_embd.weight")
        return self._multiply("head", y, self._columns(name, [Matrix(tensor)]))

    def project(self, name: str, y: str, matrices: list[Matrix]) -> list[str]:
        """One product, whatever the types of the matrices."""
        product = self._multiply(name, y, self._columns(name, matrices))
        bias = self.bias(matrices)
        if bias is None:
            return [product]
        added = self.pen.constant(f"{name}.bias", bias)
        return [self.pen.node("Add", f"{name}.biased", [product, added])]

    def bias(self, run: list[Matrix]) -> "NDArray[np.float32] | None":
        """The biases, divided as the rows of their matrices are."""
        import numpy as np

        whole = super().bias(run)
        if whole is None:
            return None
        parts = [self.smooth.outputs.get(matrix.tensor) for matrix in run]
        sizes = [self.weights.shape(matrix.tensor)[0] for matrix in run]
        ones = [np.ones(size, np.float32) for size in sizes]
        divisors = [one if part is None else part for part, one in zip(parts, ones, strict=True)]
        return whole / np.concatenate(divisors)

    def vector(self, name: str, size: int) -> str:
        """The weights of a norm, divided by what the next matrix is multiplied by."""
        divisors = self.smooth.norms.get(name)
        if divisors is None:
            return super().vector(name, size)
        return self.pen.constant(name, self.weights.vector(name, size) / divisors)

    def _multiply(self, name: str, y: str, stored: Columns) -> str:
        pen = self.pen
        fine = name.rpartition(".")[2] in FINE
        codes, steps = self._two_digits(y) if fine else self._one_digit(y)
        one, centre = self._number("one", 1.0), self._centre()
        product = pen.node(
            "MatMulIntegerToFloat",
            f"{name}.product",
            [codes, stored.codes, one, stored.steps, centre, centre],
            CONTRIB,
        )
        if not fine:
            return pen.node("Mul", name, [product, steps])
        digits = pen.node("Mul", f"{name}.digits", [product, steps])
        return pen.node("ReduceSum", name, [digits, pen.integers(0)], keepdims=1)

    def _one_digit(self, y: str) -> tuple[str, str]:
        """Y [1, n, k] as 8-bit numbers, and their steps [1, n, 1]."""
        codes, steps = self._coarse(y)
        if self.pen.once(f"{steps}.wide"):
            self.pen.node("Unsqueeze", f"{steps}.wide", [steps, self.pen.integers(0, 2)])
        return codes, f"{steps}.wide"

    def _two_digits(self, y: str) -> tuple[str, str]:
        """Y [1, n, k] as [2, n, k], what the first digit leaves over second; steps [2, n, 1].

        The weights are unpacked for each call: a second row costs half of what the first one does.
        """
        pen, name = self.pen, f"{y}.digits"
        if pen.once(name):
            codes, steps = self._coarse(y)
            centres = self._centres()
            near = pen.node("DequantizeLinear", f"{name}.near", [codes, steps, centres], axis=1)
            rest = pen.node("Sub", f"{name}.rest", [y, near])
            finer = pen.node("Mul", f"{name}.finer", [steps, self._number("finer", 1 / 254)])
            fine = pen.node("QuantizeLinear", f"{name}.fine", [rest, finer, centres], axis=1)
            pen.node("Concat", name, [codes, fine], axis=0)
            both = pen.node("Concat", f"{name}.both", [steps, finer], axis=0)
            shape = pen.integers(2, -1, 1)
            pen.node("Reshape", f"{name}.steps", [both, shape])
        return name, f"{name}.steps"

    def _coarse(self, y: str) -> tuple[str, str]:
        """Y [1, n, k] as 8-bit numbers, and a step [n] per position."""
        pen, name = self.pen, f"{y}.coarse"
        if pen.once(name):
            size = pen.node("Abs", f"{name}.sizes", [y])
            most = pen.node("ReduceMax", f"{name}.most", [size, pen.integers(0, 2)], keepdims=0)
            step = pen.node("Mul", f"{name}.step", [most, self._number("step", 1 / 127)])
            steps = pen.node("Max", f"{name}.steps", [step, self._number("least", LEAST_STEP)])
            pen.node("QuantizeLinear", name, [y, steps, self._centres()], axis=1)
        return name, f"{name}.steps"

    def _centres(self) -> str:
        """A zero point for each position."""
        pen, name = self.pen, f"{self.pen.like}.centres"
        if pen.once(name):
            shape = pen.node("Shape", f"{name}.shape", [pen.like], start=1, end=2)
            value = TensorProto(dims=[1], data_type=TensorProto.UINT8, raw_data=b"\x80")
            pen.node("ConstantOfShape", name, [shape], value=value)
        return name

    def _centre(self) -> str:
        import numpy as np

        return self.pen.constant("centre8", np.array(128, np.uint8))

    def _number(self, name: str, value: float) -> str:
        import numpy as np

        return self.pen.constant(name, np.array(value, np.float32))

    def _columns(self, name: str, matrices: list[Matrix]) -> Columns:
        if self.pen.once(f"{name}.codes"):
            columns(self.weights, self.pen.store, name, matrices, self.smooth)
        return Columns(f"{name}.codes", f"{name}.steps")
