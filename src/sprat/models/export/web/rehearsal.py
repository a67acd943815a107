"""A graph for the web, tried by native ONNX Runtime at all positions at once.

The exact graphs are slow on a processor, token by token. So the answer is guessed with 8-bit
activations, and the exact graph reads the guess in one go and says from where it goes on otherwise.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnx import ModelProto, TensorProto, helper

from sprat.models.export.arch import Shape
from sprat.models.export.web.song import Native, opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FAST, EXACT = 4, 0
"""Accuracy levels."""


class Rehearsal:
    """One graph without a past: reads whole texts."""

    def __init__(self, session: Native, shape: Shape, sites: Sequence[str]) -> None:
        self._session, self._shape, self._sites = session, shape, sites

    def logits(self, tokens: Sequence[int]) -> "Floats":
        """[tokens, vocabulary]."""
        return self._run(["logits"], tokens)[0][0]

    def maxima(self, tokens: Sequence[int]) -> dict[str, "Floats"]:
        """The largest size of every channel of every site."""
        found = self._run([f"{site}.most" for site in self._sites], tokens)
        return dict(zip(self._sites, found, strict=True))

    def _run(self, outputs: list[str], tokens: Sequence[int]) -> list[Any]:
        import numpy as np

        empty = np.zeros((1, self._shape.kv_heads, 0, self._shape.head_size), np.float32)
        feeds: dict[str, Any] = {one.name: empty for one in self._session.get_inputs()}
        feeds["input_ids"] = np.array([tokens], np.int64)
        feeds["attention_mask"] = np.ones((1, len(tokens)), np.int64)
        return self._session.run(outputs, feeds)


@contextmanager
def rehearsed(
    model: Path, shape: Shape, accuracy: int, sites: Sequence[str] = ()
) -> Generator[Rehearsal]:
    """The graph of a file, with logits at every position and the maxima of `sites`."""
    changed = ModelProto.FromString(model.read_bytes())
    _widen(changed, accuracy)
    _observe(changed, sites)
    file = model.with_name(f"rehearsal{accuracy}.onnx")
    file.write_bytes(changed.SerializeToString())
    try:
        yield Rehearsal(opened(file), shape, sites)
    finally:
        file.unlink()


def _widen(model: ModelProto, accuracy: int) -> None:
    """All positions instead of the last, and another accuracy level."""
    start = TensorProto(name="from_the_first", data_type=TensorProto.INT64, dims=[1])
    start.raw_data = bytes(8)
    model.graph.initializer.append(start)
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "positions"
    for node in model.graph.node:
        if node.op_type == "Slice" and node.output[0].endswith((".last", "last_id")):
            node.input[1] = start.name
        for attribute in node.attribute:
            if attribute.name == "accuracy_level":
                attribute.i = accuracy


def _observe(model: ModelProto, sites: Sequence[str]) -> None:
    axes = TensorProto(name="all_positions", data_type=TensorProto.INT64, dims=[2])
    axes.raw_data = bytes(8) + (1).to_bytes(8, "little")
    model.graph.initializer.append(axes)
    for site in sites:
        size, most = f"{site}.size", f"{site}.most"
        model.graph.node.append(helper.make_node("Abs", [site], [size]))
        reduce = helper.make_node("ReduceMax", [size, axes.name], [most], keepdims=0)
        model.graph.node.append(reduce)
        info = helper.make_tensor_value_info(most, TensorProto.FLOAT, None)
        model.graph.output.append(info)
