"""Rotary tables: cosine and sine of position * frequency, [positions, size / 2] each."""

from typing import TYPE_CHECKING

from onnx import GraphProto, helper

from sprat.models.export.arch import Rope, Shape
from sprat.models.export.nodes import Pen
from sprat.models.export.weights import Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def make_caches(pen: Pen, weights: Weights, shape: Shape) -> dict[Rope, tuple[str, str]]:
    """Draw the tables of every rope that the layers use: their names by rope."""
    caches: dict[Rope, tuple[str, str]] = {}
    for layer in shape.layers:
        if layer.rope not in caches:
            name = f"rope{len(caches)}"
            caches[layer.rope] = _cache(pen, weights, layer.rope, name, shape.context_tokens)
    return caches


def _cache(pen: Pen, weights: Weights, rope: Rope, name: str, positions: int) -> tuple[str, str]:
    short = tables(rope, _factors(weights, rope, rope.factors), positions)
    if rope.long_factors is None:
        return _constants(pen, name, short)
    long = tables(rope, _factors(weights, rope, rope.long_factors), positions)
    return _choice(
        pen,
        rope,
        name,
        _constants(pen, f"{name}.short", short),
        _constants(pen, f"{name}.long", long),
    )


def tables(rope: Rope, factors: "Floats | None", positions: int) -> tuple["Floats", "Floats"]:
    """Cosines and sines; computed in double precision, as angles grow large.

    Source: arXiv 2104.09864; the factors: Llama 3.1's and arXiv 2402.13753 (LongRoPE).
    """
    import numpy as np

    frequencies = rope.scale * rope.base ** (-np.arange(0, rope.size, 2) / rope.size)
    if factors is not None:
        frequencies = frequencies / factors
    angles = np.outer(np.arange(positions), frequencies)
    scale = rope.attention_factor
    return (np.cos(angles) * scale).astype(np.float32), (np.sin(angles) * scale).astype(np.float32)


def _factors(weights: Weights, rope: Rope, tensor: str | None) -> "Floats | None":
    return None if tensor is None else weights.vector(tensor, rope.size // 2)


def _constants(pen: Pen, name: str, pair: tuple["Floats", "Floats"]) -> tuple[str, str]:
    return pen.constant(f"{name}.cos", pair[0]), pen.constant(f"{name}.sin", pair[1])


def _choice(
    pen: Pen, rope: Rope, name: str, short: tuple[str, str], long: tuple[str, str]
) -> tuple[str, str]:
    """The long table once the sequence is longer than what the model was first trained on."""
    import numpy as np

    limit = pen.constant(f"{name}.limit", np.array(rope.original_context, np.int32))
    longer = pen.node("Greater", f"{name}.longer", ["total_sequence_length", limit])
    names = [f"{name}.cos", f"{name}.sin"]
    then = _branch(f"{name}.then", long, pen.element)
    otherwise = _branch(f"{name}.else", short, pen.element)
    pen.several("If", f"{name}.choose", [longer], names, then_branch=then, else_branch=otherwise)
    return names[0], names[1]


def _branch(name: str, pair: tuple[str, str], element: int) -> GraphProto:
    outputs = [f"{name}.cos", f"{name}.sin"]
    nodes = [
        helper.make_node("Identity", [source], [output], name=f"/{output}")
        for source, output in zip(pair, outputs, strict=True)
    ]
    infos = [helper.make_tensor_value_info(output, element, [None, None]) for output in outputs]
    return helper.make_graph(nodes, name, [], infos)
