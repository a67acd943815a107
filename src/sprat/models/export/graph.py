"""The decoder as an ONNX graph for ONNX Runtime GenAI."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from sprat.models.export.arch import Layer, Shape
from sprat.models.export.nodes import CONTRIB, Pen
from sprat.models.export.rope import make_caches
from sprat.models.export.weights import Matrix, Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPSET = 21
IR_VERSION = 10


def draw(shape: Shape, weights: Weights, accuracy: int) -> ModelProto:
    """Draw the whole decoder; its weights go to the store on the way."""
    return Decoder(shape, weights, Pen(weights.store, accuracy)).draw()


class Decoder:
    """Draws layer after layer. `x` is the residual stream, `y` its normalised form.

    Other runtimes want some of it otherwise: they override `needed`, `look_up`, `head`, `project`.
    """

    positions: str | int = "sequence_length"
    """Of the logits."""

    def __init__(self, shape: Shape, weights: Weights, pen: Pen) -> None:
        self.shape, self.weights, self.pen = shape, weights, pen
        self.epsilon = shape.norm_epsilon

    def draw(self) -> ModelProto:
        """Draw everything, once."""
        self._lengths()
        self.caches = make_caches(self.pen, self.weights, self.shape)
        x = self._embedding()
        y = self._norm("blk.0.attn_norm", x)
        for index, layer in enumerate(self.shape.layers):
            x, y = self._layer(index, layer, x, y)
        self._cap(self.head(y))
        return self._model()

    # ── input and output ──────────────────────────────────────────────────────────────────────

    def _lengths(self) -> None:
        """What GroupQueryAttention wants to know, from the attention mask."""
        pen, int32 = self.pen, TensorProto.INT32
        total = pen.node("ReduceSum", "mask_sum", ["attention_mask", pen.integers(1)], keepdims=0)
        last = pen.node("Sub", "last_position", [total, pen.integers(1)])
        pen.node("Cast", "seqlens_k", [last], to=int32)
        size = pen.node("Shape", "mask_shape", ["attention_mask"], start=1, end=2)
        scalar = pen.node("Squeeze", "total_length", [size])
        pen.node("Cast", "total_sequence_length", [scalar], to=int32)

    def _embedding(self) -> str:
        import numpy as np

        x = self.look_up("token_embd.weight")
        if self.shape.embedding_scale == 1.0:
            return x
        scale = np.array(self.shape.embedding_scale, np.float32)
        return self.pen.node("Mul", "scaled", [x, self.pen.constant("embedding_scale", scale)])

    def look_up(self, tensor: str) -> str:
        """The rows of an embedding that the input's tokens stand for."""
        pen, weights = self.pen, self.weights
        format_ = weights.format(tensor) if self._shares_head() else weights.natural_format(tensor)
        if format_ is None:
            table = pen.float_table(self.weights, Matrix(tensor))
            return pen.node("Gather", "embedded", [table, "input_ids"])
        codes, scales, additions = weights.lookup_table(tensor, format_)
        x = pen.node(
            "GatherBlockQuantized",
            "embedded",
            [codes, "input_ids", scales],
            CONTRIB,
            bits=format_.bits,
            block_size=format_.block,
            gather_axis=0,
            quantize_axis=1,
        )
        return self._add_per_block(x, additions, format_.block) if additions else x

    def _add_per_block(self, x: str, additions: str, block: int) -> str:
        pen = self.pen
        found = pen.node("Gather", "additions", [additions, "input_ids"])
        wide = pen.node("Unsqueeze", "additions_wide", [found, pen.integers(-1)])
        shape = pen.integers(0, 0, self.shape.hidden // block, block)
        blocks = pen.node("Reshape", "embedded_blocks", [x, shape])
        summed = pen.node("Add", "embedded_sum", [blocks, wide])
        return pen.node("Reshape", "embedded_exact", [summed, pen.integers(0, 0, -1)])

    def head(self, y: str) -> str:
        """Logits of what comes next."""
        if self._shares_head():
            return self._tied_head("token_embd.weight", y)
        own = self.weights.has("output.weight")
        tensor = "output.weight" if own else "token_embd.weight"
        return self.project("head", y, [Matrix(tensor)])[0]

    def _shares_head(self) -> bool:
        """Whether one table can both be looked up and multiplied by."""
        format_ = self.weights.format("token_embd.weight")
        exact = format_ is not None and not format_.has_minimum
        return exact and not self.weights.has("output.weight")

    def _tied_head(self, tensor: str, y: str) -> str:
        """Share the embedding's table through a Reshape, which is folded away on loading."""
        from sprat.models.export.weights import Quantised

        format_ = self.weights.format(tensor)
        assert format_ is not None  # noqa: S101 (asked by the caller)
        rows, k = self.weights.shape(tensor)
        pen, bytes_ = self.pen, format_.block * format_.bits // 8
        shape = pen.integers(rows, k // format_.block, bytes_)
        codes = pen.node("Reshape", "head_codes", [f"{tensor}.codes", shape])
        shared = Quantised(format_, k, rows, (codes, f"{tensor}.scales"))
        return pen.multiply("head", y, shared)

    def _cap(self, logits: str) -> None:
        """Softcap * tanh(logits / softcap), or nothing."""
        import numpy as np

        pen, cap = self.pen, self.shape.logit_softcap
        if not cap:
            pen.node("Identity", "logits", [logits])
            return
        size = pen.constant("logit_softcap", np.array(cap, np.float32))
        scaled = pen.node("Div", "logits_scaled", [logits, size])
        pen.node("Mul", "logits", [pen.node("Tanh", "logits_tanh", [scaled]), size])

    # ── one layer ─────────────────────────────────────────────────────────────────────────────

    def _layer(self, index: int, layer: Layer, x: str, y: str) -> tuple[str, str]:
        prefix = f"blk.{index}"
        last = index + 1 == len(self.shape.layers)
        following = "output_norm" if last else f"blk.{index + 1}.attn_norm"
        attended = self._attention(prefix, index, layer, y)
        x = self.needed(index, x)
        x, y = self._join(f"{prefix}.post_attention_norm", x, attended, f"{prefix}.ffn_norm")
        fed = self._feed_forward(prefix, y)
        return self._join(f"{prefix}.post_ffw_norm", x, fed, following)

    def _attention(self, prefix: str, index: int, layer: Layer, y: str) -> str:
        qkv = self._query_key_value(prefix, y)
        cos, sin = self.caches[layer.rope]
        past = [f"past_key_values.{index}.{part}" for part in ("key", "value")]
        present = [f"present.{index}.{part}" for part in ("key", "value")]
        shape = self.shape
        self.pen.several(
            "GroupQueryAttention",
            f"{prefix}.attention",
            [*qkv, *past, "seqlens_k", "total_sequence_length", cos, sin],
            [f"{prefix}.attention", *present],
            CONTRIB,
            num_heads=shape.heads,
            kv_num_heads=shape.kv_heads,
            scale=shape.attention_scale,
            softcap=shape.attention_softcap,
            do_rotary=1,
            rotary_interleaved=0,
            local_window_size=layer.window_tokens or -1,
        )
        output = Matrix(f"{prefix}.attn_output.weight")
        mixed = self.needed(index, f"{prefix}.attention")
        return self.project(f"{prefix}.attn_output", mixed, [output])[0]

    def needed(self, _index: int, x: str) -> str:
        """The positions of x that are still needed after a layer's attention: all of them."""
        return x

    def _query_key_value(self, prefix: str, y: str) -> list[str]:
        """Packed as GroupQueryAttention takes them, or apart where q and k are normalised."""
        shape, name = self.shape, f"{prefix}.qkv"
        if self.weights.has(f"{prefix}.attn_qkv.weight"):
            packed = self.project(name, y, [Matrix(f"{prefix}.attn_qkv.weight")])[0]
        else:
            parts = self.project(name, y, self._three(prefix))
            packed = parts[0]
            if len(parts) > 1:
                packed = self.pen.node("Concat", f"{name}.packed", parts, axis=-1)
        if not self.weights.has(f"{prefix}.attn_q_norm.weight"):
            return [packed, "", ""]
        sizes = [shape.heads, shape.kv_heads, shape.kv_heads]
        q, k, v = self._split(name, packed, [size * shape.head_size for size in sizes])
        q = self._head_norm(f"{prefix}.attn_q_norm", q, shape.heads)
        return [q, self._head_norm(f"{prefix}.attn_k_norm", k, shape.kv_heads), v]

    def _three(self, prefix: str) -> list[Matrix]:
        heads = (self.shape.heads, self.shape.kv_heads) if self.shape.permuted_qk else (0, 0)
        return [
            Matrix(f"{prefix}.attn_q.weight", heads[0]),
            Matrix(f"{prefix}.attn_k.weight", heads[1]),
            Matrix(f"{prefix}.attn_v.weight"),
        ]

    def _feed_forward(self, prefix: str, y: str) -> str:
        gate, up = self._gate_and_up(prefix, y)
        if self.shape.activation == "silu":
            active = self.pen.node("QuickGelu", f"{prefix}.active", [gate], CONTRIB, alpha=1.0)
        else:
            active = self.pen.node("FastGelu", f"{prefix}.active", [gate], CONTRIB)
        inner = self.pen.node("Mul", f"{prefix}.inner", [active, up])
        return self.project(f"{prefix}.ffn_down", inner, [Matrix(f"{prefix}.ffn_down.weight")])[0]

    def _gate_and_up(self, prefix: str, y: str) -> list[str]:
        up = Matrix(f"{prefix}.ffn_up.weight")
        gate = Matrix(f"{prefix}.ffn_gate.weight")
        fused = [gate, up] if self.weights.has(gate.tensor) else [up]
        parts = self.project(f"{prefix}.gate_up", y, fused)
        if len(parts) > 1:
            return parts
        return self._split(f"{prefix}.gate_up", parts[0], [self.shape.feed_forward] * 2)

    # ── pieces ────────────────────────────────────────────────────────────────────────────────

    def _norm(self, name: str, x: str) -> str:
        """Root-mean-square normalisation by the GGUF's weights."""
        return self.pen.node(
            "SimplifiedLayerNormalization",
            name,
            [x, self.vector(f"{name}.weight", self.shape.hidden)],
            axis=-1,
            epsilon=self.epsilon,
        )

    def _head_norm(self, name: str, x: str, heads: int) -> str:
        """The same over each head by itself."""
        pen, size = self.pen, self.shape.head_size
        apart = pen.node("Reshape", f"{name}.heads", [x, pen.integers(0, 0, heads, size)])
        weight = self.vector(f"{name}.weight", size)
        normed = pen.node(
            "SimplifiedLayerNormalization", name, [apart, weight], axis=-1, epsilon=self.epsilon
        )
        return pen.node("Reshape", f"{name}.flat", [normed, pen.integers(0, 0, heads * size)])

    def _join(self, post_norm: str, x: str, branch: str, next_norm: str) -> tuple[str, str]:
        """Add the branch to the stream; returns the stream and its normalised form."""
        if self.weights.has(f"{post_norm}.weight"):
            branch = self._norm(post_norm, branch)
        weight = self.vector(f"{next_norm}.weight", self.shape.hidden)
        stream = f"{next_norm}.stream"
        self.pen.several(
            "SkipSimplifiedLayerNormalization",
            next_norm,
            [x, branch, weight],
            [next_norm, "", "", stream],
            CONTRIB,
            epsilon=self.epsilon,
        )
        return stream, next_norm

    def project(self, name: str, y: str, matrices: list[Matrix]) -> list[str]:
        """Multiply by matrices, neighbours of one format stacked into one product."""
        outputs: list[str] = []
        for run in self._runs(matrices):
            here = name if len(run) == len(matrices) else f"{name}.{len(outputs)}"
            outputs.append(self._product(here, y, run))
        return outputs

    def _runs(self, matrices: list[Matrix]) -> list[list[Matrix]]:
        runs: list[list[Matrix]] = []
        for matrix in matrices:
            format_ = self.weights.format(matrix.tensor)
            if runs and format_ and self.weights.format(runs[-1][0].tensor) == format_:
                runs[-1].append(matrix)
            else:
                runs.append([matrix])
        return runs

    def _product(self, name: str, y: str, run: list[Matrix]) -> str:
        bias = self.bias(run)
        if self.weights.format(run[0].tensor):
            stored = self.weights.quantised(name, run)
            stored_bias = bias if bias is None else self.pen.constant(f"{name}.bias", bias)
            return self.pen.multiply(name, y, stored, stored_bias)
        product = self.pen.multiply_floats(name, y, self.weights, run[0])
        if bias is None:
            return product
        return self.pen.node(
            "Add", f"{name}.biased", [product, self.pen.constant(f"{name}.bias", bias)]
        )

    def bias(self, run: list[Matrix]) -> "NDArray[np.float32] | None":
        """The biases of the matrices, one after the other; None where there are none."""
        import numpy as np

        names = [matrix.tensor.removesuffix("weight") + "bias" for matrix in run]
        if not any(self.weights.has(name) for name in names):
            return None
        parts: list[NDArray[np.float32]] = []
        for matrix, name in zip(run, names, strict=True):
            rows = self.weights.shape(matrix.tensor)[0]
            part = np.zeros(rows, np.float32)
            if self.weights.has(name):
                part = self.weights.vector(name, rows)
            if matrix.pairs:
                part = part.reshape(matrix.pairs, -1, 2).swapaxes(1, 2).reshape(-1)
            parts.append(part)
        return np.concatenate(parts)

    def vector(self, name: str, size: int) -> str:
        """The weights of a norm."""
        return self.pen.constant(name, self.weights.vector(name, size))

    def _split(self, name: str, x: str, sizes: Sequence[int]) -> list[str]:
        parts = [f"{name}.part{index}" for index in range(len(sizes))]
        self.pen.several("Split", f"{name}.split", [x, self.pen.integers(*sizes)], parts, axis=-1)
        return parts

    # ── the model around it ───────────────────────────────────────────────────────────────────

    def _model(self) -> ModelProto:
        inputs = [
            _value("input_ids", TensorProto.INT64, ["batch_size", "sequence_length"]),
            _value("attention_mask", TensorProto.INT64, ["batch_size", "total_sequence_length"]),
        ]
        logits = ["batch_size", self.positions, self.shape.vocabulary]
        outputs = [_value("logits", TensorProto.FLOAT, logits)]
        for index in range(len(self.shape.layers)):
            for part in ("key", "value"):
                inputs.append(self._cache(f"past_key_values.{index}.{part}", "past"))
                outputs.append(self._cache(f"present.{index}.{part}", "total"))
        graph = helper.make_graph(
            self.pen.nodes, "decoder", inputs, outputs, self.pen.store.initialisers
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="sprat"
        )

    def _cache(self, name: str, length: str) -> ValueInfoProto:
        sizes = ["batch_size", self.shape.kv_heads, f"{length}_sequence_length"]
        return _value(name, self.pen.element, [*sizes, self.shape.head_size])


def _value(name: str, kind: int, sizes: Sequence[str | int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, sizes)
