"""Tiny models with random weights, written by llama.cpp's own GGUF writer."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import quantize

ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma3", "phi3")
TYPES = ("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K")
# Types that `gguf` reads but does not write: their blocks are drawn at random.
_BLOCK_BYTES = {"Q4_K": 144, "Q5_K": 176, "Q6_K": 210}


@dataclass
class Tiny:
    """What to write; the defaults give a model of two layers that every tensor type fits."""

    architecture: str = "llama"
    type: str = "F32"
    types: dict[str, str] = field(default_factory=dict)
    """Tensor name ending → type, where it differs."""
    hidden: int = 256
    feed_forward: int = 256
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 64
    rope_size: int | None = None
    context: int = 64
    window: int | None = None
    tied: bool = False
    seed: int = 0
    rope_factors: bool = False
    keys: dict[str, float | str] = field(default_factory=dict)
    """More metadata below the architecture's name."""
    tokens: list[str] = field(default_factory=lambda: [f"t{i}" for i in range(96)])
    kinds: list[int] | None = None
    merges: list[str] | None = None
    scores: list[float] | None = None
    """Given: a SentencePiece tokenizer; None: a byte-level one, cutting words as `pre` says."""
    pre: str = "qwen2"
    special: dict[str, int] = field(default_factory=lambda: {"bos": 1, "eos": 2})
    flags: dict[str, bool] = field(default_factory=dict)
    template: str = "{% for m in messages %}{{ m['content'] }}{% endfor %}"

    def write(self, path: Path) -> Path:
        """Write the file and return its path."""
        writer = GGUFWriter(path, self.architecture)
        self._header(writer)
        self._vocabulary(writer)
        random = np.random.default_rng(self.seed)
        for name, shape in self._shapes().items():
            self._add(writer, name, shape, random)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    def _header(self, writer: GGUFWriter) -> None:
        writer.add_context_length(self.context)
        writer.add_embedding_length(self.hidden)
        writer.add_block_count(self.layers)
        writer.add_feed_forward_length(self.feed_forward)
        writer.add_head_count(self.heads)
        writer.add_head_count_kv(self.kv_heads)
        writer.add_key_length(self.head_size)
        writer.add_value_length(self.head_size)
        writer.add_rope_dimension_count(self.rope_size or self.head_size)
        writer.add_rope_freq_base(10_000.0)
        writer.add_layer_norm_rms_eps(1e-5)
        if self.window:
            writer.add_sliding_window(self.window)
        for key, value in self.keys.items():
            add = writer.add_string if isinstance(value, str) else writer.add_float32
            writer.kv_data[0].pop(f"{self.architecture}.{key}", None)
            add(f"{self.architecture}.{key}", value)

    def _vocabulary(self, writer: GGUFWriter) -> None:
        writer.add_tokenizer_model("gpt2" if self.scores is None else "llama")
        writer.add_tokenizer_pre(self.pre)
        writer.add_token_list(self.tokens)
        writer.add_token_types(self.kinds or [TokenType.NORMAL] * len(self.tokens))
        if self.scores is None:
            writer.add_token_merges(self.merges or ["t 0"])
        else:
            writer.add_token_scores(self.scores)
        for name, index in self.special.items():
            writer.add_uint32(f"tokenizer.ggml.{name}_token_id", index)
        for name, value in self.flags.items():
            writer.add_bool(f"tokenizer.ggml.{name}", value)
        writer.add_chat_template(self.template)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (len(self.tokens), self.hidden)}
        for layer in range(self.layers):
            shapes |= {f"blk.{layer}.{name}": shape for name, shape in self._layer().items()}
        shapes["output_norm.weight"] = (self.hidden,)
        if not self.tied:
            shapes["output.weight"] = (len(self.tokens), self.hidden)
        half = (self.rope_size or self.head_size) // 2
        if self.rope_factors and self.architecture == "phi3":
            shapes |= {f"rope_factors_{kind}.weight": (half,) for kind in ("long", "short")}
        elif self.rope_factors:
            shapes["rope_freqs.weight"] = (half,)
        return shapes

    def _layer(self) -> dict[str, tuple[int, ...]]:
        q, kv = self.heads * self.head_size, self.kv_heads * self.head_size
        shapes: dict[str, tuple[int, ...]] = {
            "attn_norm.weight": (self.hidden,),
            "ffn_norm.weight": (self.hidden,),
            "attn_output.weight": (self.hidden, q),
            "ffn_down.weight": (self.hidden, self.feed_forward),
        }
        if self.architecture == "phi3":
            shapes["attn_qkv.weight"] = (q + 2 * kv, self.hidden)
            shapes["ffn_up.weight"] = (2 * self.feed_forward, self.hidden)
            return shapes
        rows = {"attn_q": q, "attn_k": kv, "attn_v": kv}
        rows |= {"ffn_gate": self.feed_forward, "ffn_up": self.feed_forward}
        shapes |= {f"{name}.weight": (size, self.hidden) for name, size in rows.items()}
        if self.architecture == "qwen2":
            shapes |= {f"attn_{part}.bias": (rows[f"attn_{part}"],) for part in "qkv"}
        if self.architecture in ("qwen3", "gemma3"):
            shapes |= {f"attn_{part}_norm.weight": (self.head_size,) for part in "qk"}
        if self.architecture == "gemma3":
            shapes |= {
                f"post_{part}.weight": (self.hidden,) for part in ("attention_norm", "ffw_norm")
            }
        return shapes

    def _add(self, writer: GGUFWriter, name: str, shape: tuple[int, ...], random) -> None:
        if len(shape) == 1:
            centre = 0.0 if name.endswith("bias") else 1.0
            writer.add_tensor(name, (centre + 0.2 * random.random(shape)).astype(np.float32))
            return
        kind = next((t for end, t in self.types.items() if name.endswith(end)), self.type)
        raw_type = GGMLQuantizationType[kind]
        if kind in _BLOCK_BYTES:
            data = _random_blocks(kind, shape, random)
            writer.add_tensor(name, data, raw_shape=data.shape, raw_dtype=raw_type)
            return
        values = (random.standard_normal(shape) / np.sqrt(shape[1])).astype(np.float32)
        if kind == "F32":
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, quantize(values, raw_type), raw_dtype=raw_type)


def _random_blocks(kind: str, shape: tuple[int, ...], random) -> np.ndarray:
    """Random bits everywhere but in the super-block's half-precision scales."""
    data = random.integers(0, 256, (shape[0], shape[1] // 256, _BLOCK_BYTES[kind]), np.uint8)
    spread = 1 / np.sqrt(shape[1])
    if kind == "Q6_K":
        data[..., 192:208] = random.integers(20, 60, data[..., 192:208].shape)
        scales = random.uniform(0.5, 1, (*data.shape[:2], 1)) * spread / 700
        data[..., 208:] = scales.astype("<f2").view(np.uint8)
    else:
        steps = 16 if kind == "Q4_K" else 32
        scale = random.uniform(0.5, 1, data.shape[:2]) * spread / 10 / steps
        pair = np.stack([scale, scale * steps / 2], -1).astype("<f2")
        data[..., :4] = pair.view(np.uint8)
        data[..., 4:16] = _six_bit_scales(random, data.shape[:2])
    return data.reshape(shape[0], -1)


def _six_bit_scales(random, shape: tuple[int, ...]) -> np.ndarray:
    """Eight scales and eight minima in 12 bytes, so that most blocks hold a zero."""
    scales = random.integers(30, 64, (*shape, 8), np.uint8)
    minima = np.clip(scales + random.integers(-8, 9, scales.shape), 0, 63).astype(np.uint8)
    return np.concatenate(
        [
            scales[..., :4] | scales[..., 4:] >> 4 << 6,
            minima[..., :4] | minima[..., 4:] >> 4 << 6,
            (scales[..., 4:] & 15) | minima[..., 4:] << 4,
        ],
        axis=-1,
    )
