"""An independent forward pass: the GGUF as `gguf` dequantises it, in plain numpy.

Written from llama.cpp's description of the architectures, not from the exporter: rotary pairs stay
as the GGUF stores them, attention is a full masked matrix, nothing is fused.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

Array = np.ndarray


@dataclass
class Reference:
    """Metadata and dequantised tensors of one GGUF."""

    keys: dict[str, object]
    tensors: dict[str, Array]

    @classmethod
    def load(cls, path: Path) -> "Reference":
        reader = GGUFReader(path)
        big = "tokenizer.ggml."
        keys = {k: f.contents() for k, f in reader.fields.items() if not k.startswith(big)}
        return cls(keys, {t.name: _dequantised(t) for t in reader.tensors})

    def key(self, name: str, default: object = None) -> object:
        return self.keys.get(f"{self.keys['general.architecture']}.{name}", default)

    def logits(self, ids: list[int]) -> Array:
        """[tokens, vocabulary] in single precision."""
        return _Forward(self).logits(ids)


def _dequantised(tensor) -> Array:
    shape = tuple(int(size) for size in tensor.shape[::-1])
    return np.array(dequantize(tensor.data, tensor.tensor_type), np.float32).reshape(shape)


class _Forward:
    def __init__(self, model: Reference) -> None:
        self.t, self.key = model.tensors, model.key
        self.arch = model.keys["general.architecture"]
        self.heads = int(self.key("attention.head_count"))
        self.kv_heads = int(self.key("attention.head_count_kv", self.heads))
        hidden = int(self.key("embedding_length"))
        self.size = int(self.key("attention.key_length", hidden // self.heads))
        self.rope_size = int(self.key("rope.dimension_count", self.size))
        self.epsilon = float(self.key("attention.layer_norm_rms_epsilon"))

    def logits(self, ids: list[int]) -> Array:
        x = self.t["token_embd.weight"][ids]
        if self.arch == "gemma3":
            x = x * np.float32(np.sqrt(x.shape[-1]))
        for layer in range(int(self.key("block_count"))):
            x = self.block(layer, x)
        x = self.norm(x, "output_norm")
        head = self.t.get("output.weight", self.t["token_embd.weight"])
        logits = x @ head.T
        cap = float(self.key("final_logit_softcapping", 0.0))
        return np.tanh(logits / cap) * cap if cap else logits

    def block(self, layer: int, x: Array) -> Array:
        name = f"blk.{layer}"
        attended = self.attention(layer, name, self.norm(x, f"{name}.attn_norm"))
        if f"{name}.post_attention_norm.weight" in self.t:
            attended = self.norm(attended, f"{name}.post_attention_norm")
        x = x + attended
        fed = self.feed_forward(name, self.norm(x, f"{name}.ffn_norm"))
        if f"{name}.post_ffw_norm.weight" in self.t:
            fed = self.norm(fed, f"{name}.post_ffw_norm")
        return x + fed

    def norm(self, x: Array, name: str) -> Array:
        scale = np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon)
        return x / scale * self.t[f"{name}.weight"]

    def linear(self, x: Array, name: str) -> Array:
        y = x @ self.t[f"{name}.weight"].T
        return y + self.t[f"{name}.bias"] if f"{name}.bias" in self.t else y

    def attention(self, layer: int, name: str, y: Array) -> Array:
        n = len(y)
        q, k, v = self.query_key_value(name, y)
        q, k, v = (part.reshape(n, -1, self.size) for part in (q, k, v))
        if f"{name}.attn_q_norm.weight" in self.t:
            q, k = self.norm(q, f"{name}.attn_q_norm"), self.norm(k, f"{name}.attn_k_norm")
        local = self.arch == "gemma3" and (layer + 1) % 6 != 0
        q, k = self.rotate(q, local), self.rotate(k, local)
        group = self.heads // self.kv_heads
        k, v = np.repeat(k, group, 1), np.repeat(v, group, 1)
        scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(self.size)
        scores = np.where(self.visible(n, local), scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        mixed = np.einsum("hij,jhd->ihd", weights, v).reshape(n, -1)
        return self.linear(mixed, f"{name}.attn_output")

    def query_key_value(self, name: str, y: Array) -> tuple[Array, ...]:
        if f"{name}.attn_qkv.weight" in self.t:
            both = self.linear(y, f"{name}.attn_qkv")
            q, kv = self.heads * self.size, self.kv_heads * self.size
            return both[:, :q], both[:, q : q + kv], both[:, q + kv :]
        return tuple(self.linear(y, f"{name}.attn_{part}") for part in "qkv")

    def visible(self, n: int, local: bool) -> Array:
        i, j = np.arange(n)[:, None], np.arange(n)[None, :]
        mask = j <= i
        window = self.key("attention.sliding_window")
        if window and (local or self.arch == "phi3"):
            mask &= i - j < int(window)
        return mask

    def frequencies(self, local: bool, tokens: int) -> Array:
        base = 10_000.0 if local else float(self.key("rope.freq_base", 10_000.0))
        frequency = base ** (-np.arange(0, self.rope_size, 2) / self.rope_size)
        if self.key("rope.scaling.type") == "linear" and not local:
            frequency = frequency / float(self.key("rope.scaling.factor"))
        original = float(self.key("rope.scaling.original_context_length", np.inf))
        longrope = f"rope_factors_{'long' if tokens > original else 'short'}.weight"
        for tensor in ("rope_freqs.weight", longrope):
            if tensor in self.t:
                frequency = frequency / self.t[tensor]
        return frequency

    def rotate(self, x: Array, local: bool) -> Array:
        angles = np.outer(np.arange(len(x)), self.frequencies(local, len(x)))[:, None, :]
        scale = float(self.key("rope.scaling.attn_factor", 1.0))
        cos, sin = np.cos(angles) * scale, np.sin(angles) * scale
        turned = x.copy()
        half = self.rope_size // 2
        if self.arch == "llama":  # pairs lie side by side
            first, second = slice(0, self.rope_size, 2), slice(1, self.rope_size, 2)
        else:  # pairs lie half a head apart
            first, second = slice(0, half), slice(half, self.rope_size)
        a, b = x[..., first], x[..., second]
        turned[..., first], turned[..., second] = a * cos - b * sin, a * sin + b * cos
        return turned

    def feed_forward(self, name: str, y: Array) -> Array:
        up = self.linear(y, f"{name}.ffn_up")
        if f"{name}.ffn_gate.weight" in self.t:
            gate = self.linear(y, f"{name}.ffn_gate")
        else:
            gate, up = np.split(up, 2, axis=-1)
        return self.linear(self.activate(gate) * up, f"{name}.ffn_down")

    def activate(self, x: Array) -> Array:
        if self.arch == "gemma3":
            return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
        return x / (1 + np.exp(-x))
