"""Do the tensors have the sizes that the metadata promises? Asked before anything is written."""

from collections.abc import Iterator

from sprat.errors import BadWeights
from sprat.models.export.arch import Shape
from sprat.models.gguf import Gguf


def check_tensors(gguf: Gguf, shape: Shape) -> None:
    """Check every matrix.

    Raises:
        BadWeights: one is missing or has another size.
    """
    for name, expected in _expected(gguf, shape):
        tensor = gguf.tensors.get(name)
        if tensor is None:
            raise BadWeights(
                f"{gguf.path.name} has no tensor {name!r}.",
                fix="Use the whole model, not a part of it.",
            )
        if tensor.shape != expected:
            raise BadWeights(
                f"Tensor {name!r} of {gguf.path.name} is {tensor.shape}, but its metadata says "
                f"{expected}.",
                fix="Use another conversion of the model.",
            )


def _expected(gguf: Gguf, shape: Shape) -> Iterator[tuple[str, tuple[int, int]]]:
    yield "token_embd.weight", (shape.vocabulary, shape.hidden)
    if "output.weight" in gguf.tensors:
        yield "output.weight", (shape.vocabulary, shape.hidden)
    for index in range(len(shape.layers)):
        for name, size in _layer(gguf, shape, f"blk.{index}").items():
            yield f"blk.{index}.{name}.weight", size


def _layer(gguf: Gguf, shape: Shape, prefix: str) -> dict[str, tuple[int, int]]:
    hidden, wide = shape.hidden, shape.feed_forward
    q, kv = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    found = {"attn_output": (hidden, q), "ffn_down": (hidden, wide)}
    if f"{prefix}.attn_qkv.weight" in gguf.tensors:
        found["attn_qkv"] = (q + 2 * kv, hidden)
    else:
        found |= {"attn_q": (q, hidden), "attn_k": (kv, hidden), "attn_v": (kv, hidden)}
    if f"{prefix}.ffn_gate.weight" in gguf.tensors:
        found |= {"ffn_gate": (wide, hidden), "ffn_up": (wide, hidden)}
    else:
        found["ffn_up"] = (2 * wide, hidden)
    return found
