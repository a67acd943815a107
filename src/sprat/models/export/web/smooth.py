"""Which channels of the activations are large, and how the weights can take that off them.

Activations get one 8-bit step per position: a channel a thousand times larger than the others
leaves them nothing. Each channel is divided by c before a product, and the weights that it meets
are multiplied by c. The division costs nothing, as it goes into the weights of what came before: a
norm, the values of the attention, the upper half of the feed-forward. Source: SmoothQuant, arXiv
2211.10438; c is the square root of the channel's maximum.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from sprat.models.export.arch import Shape
from sprat.models.export.weights import Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LEAST = 1 / 16
"""Of the median: no channel is taken to be smaller, as another text may use it more."""


class Smooth(msgspec.Struct):
    """Factors by tensor."""

    norms: dict[str, "Floats"] = {}
    """The weights of a norm are divided by these."""
    inputs: dict[str, "Floats"] = {}
    """The columns of a matrix are multiplied by these."""
    outputs: dict[str, "Floats"] = {}
    """The rows of a matrix, and its bias, are divided by these."""


def sites(shape: Shape) -> list[str]:
    """The values of the graph whose channels matter."""
    parts = ("attn_norm", "attention", "ffn_norm", "inner")
    return [f"blk.{index}.{part}" for index in range(len(shape.layers)) for part in parts]


def smoothed(shape: Shape, weights: Weights, maxima: Mapping[str, "Floats"]) -> Smooth:
    """From the largest size of every channel of every site."""
    smooth = Smooth()
    for index in range(len(shape.layers)):
        prefix = f"blk.{index}"
        found = {name: maxima[f"{prefix}.{name}"] for name in ("attn_norm", "ffn_norm", "inner")}
        _norm(smooth, weights, prefix, "attn_norm", found["attn_norm"])
        _norm(smooth, weights, prefix, "ffn_norm", found["ffn_norm"])
        _feed_forward(smooth, weights, prefix, _factors(found["inner"]))
        _values(smooth, weights, shape, prefix, maxima[f"{prefix}.attention"])
    return smooth


READERS = {
    "attn_norm": ("attn_q", "attn_k", "attn_v", "attn_qkv"),
    "ffn_norm": ("ffn_gate", "ffn_up"),
}


def _norm(smooth: Smooth, weights: Weights, prefix: str, norm: str, most: "Floats") -> None:
    factors = _factors(most)
    smooth.norms[f"{prefix}.{norm}.weight"] = factors
    for reader in READERS[norm]:
        if weights.has(f"{prefix}.{reader}.weight"):
            smooth.inputs[f"{prefix}.{reader}.weight"] = factors


def _feed_forward(smooth: Smooth, weights: Weights, prefix: str, factors: "Floats") -> None:
    """The upper half is what the activation function does not see."""
    import numpy as np

    up = f"{prefix}.ffn_up.weight"
    smooth.inputs[f"{prefix}.ffn_down.weight"] = factors
    ones = np.ones(weights.shape(up)[0] - len(factors), np.float32)  # the gate, if it is in there
    smooth.outputs[up] = np.concatenate([ones, factors])


def _values(smooth: Smooth, weights: Weights, shape: Shape, prefix: str, most: "Floats") -> None:
    """Heads that share a head of values share its factors."""
    import numpy as np

    apart = most.reshape(shape.kv_heads, -1, shape.head_size)
    factors = _factors(apart.max(axis=1).reshape(-1))
    groups = factors.reshape(shape.kv_heads, 1, shape.head_size)
    smooth.inputs[f"{prefix}.attn_output.weight"] = np.broadcast_to(groups, apart.shape).reshape(-1)
    packed = f"{prefix}.attn_qkv.weight"
    if weights.has(packed):
        ones = np.ones(weights.shape(packed)[0] - len(factors), np.float32)
        smooth.outputs[packed] = np.concatenate([ones, factors])
    else:
        smooth.outputs[f"{prefix}.attn_v.weight"] = factors


def _factors(most: "Floats") -> "Floats":
    """Square roots of the channels' sizes, 1 on (geometric) average."""
    import numpy as np

    floor = np.float32(max(float(np.median(most)) * LEAST, 1e-6))
    roots = np.sqrt(np.maximum(most, floor))
    return (roots / np.exp(np.log(roots).mean())).astype(np.float32)
