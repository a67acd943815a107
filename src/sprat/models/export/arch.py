"""What the GGUF says about the model's shape, per architecture."""

from collections.abc import Mapping
from math import isfinite, sqrt
from typing import Any, Literal, cast

import msgspec

from sprat.errors import BadWeights, UnsupportedModel
from sprat.models.gguf import Gguf

ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma3", "phi3")
GEMMA3_GLOBAL_EVERY = 6  # Source: the Gemma 3 report, arXiv 2503.19786: 5 local layers per global
GEMMA3_LOCAL_ROPE_BASE = 10_000.0  # Source: the same; GGUF files leave it out
MAX_LAYERS, MAX_SIZE, MAX_CONTEXT_TOKENS = 512, 1 << 20, 1 << 21


class Rope(msgspec.Struct, frozen=True):
    """One rotary table: angle = position * scale * base^(-2i/size) / factor_i."""

    base: float
    size: int
    """How many elements of a head are rotated."""
    scale: float = 1.0
    factors: str | None = None
    """The tensor that divides the frequencies; None: all one."""
    long_factors: str | None = None
    """Its replacement past `original_context` tokens (longrope)."""
    original_context: int | None = None
    attention_factor: float = 1.0
    """Multiplies sine and cosine."""


class Layer(msgspec.Struct, frozen=True):
    """How one layer attends."""

    rope: Rope
    window_tokens: int | None = None
    """None: to everything before."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the graph needs to know and the tensors do not say."""

    architecture: str
    layers: tuple[Layer, ...]
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    vocabulary: int
    context_tokens: int
    norm_epsilon: float
    attention_scale: float
    activation: Literal["silu", "gelu_tanh"] = "silu"
    embedding_scale: float = 1.0
    attention_softcap: float = 0.0
    logit_softcap: float = 0.0
    permuted_qk: bool = False
    """Rows of q and k are interleaved pairs, as llama.cpp stores them for `llama`."""


class _Keys:
    """Typed look-ups below the architecture's prefix."""

    def __init__(self, metadata: Mapping[str, Any], architecture: str) -> None:
        self.metadata, self.prefix = metadata, architecture

    def raw(self, key: str) -> object:
        return self.metadata.get(f"{self.prefix}.{key}")

    def number(self, key: str, default: float | None = None) -> float:
        value = self.raw(key)
        if value is None and default is not None:
            return default
        if isinstance(value, list):
            value = _same(cast("list[object]", value))
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise BadWeights(
                f"The GGUF has {self.prefix}.{key} = {value!r}, where a number is needed.",
                fix="Use another conversion of the model.",
            )
        return float(value)

    def size(self, key: str, default: int | None = None, limit: int = MAX_SIZE) -> int:
        value = self.number(key, default)
        if value != int(value) or not 0 < value <= limit:
            raise BadWeights(
                f"The GGUF has {self.prefix}.{key} = {value:g}, outside 1..{limit}.",
                fix="Use another conversion of the model.",
            )
        return int(value)


def _same(values: list[object]) -> object:
    if not values or any(value != values[0] for value in values):
        raise UnsupportedModel(
            f"The layers of this model differ in size ({values[:4]} …), which is not supported.",
            fix="Choose another model.",
        )
    return values[0]


def read_shape(gguf: Gguf) -> Shape:
    """Read the model's shape.

    Raises:
        UnsupportedModel: an architecture, or a variant of one, that is not exported.
        BadWeights: a key is missing or absurd.
    """
    name = gguf.metadata.get("general.architecture")
    if name not in ARCHITECTURES:
        raise UnsupportedModel(
            f"{gguf.path.name} is of architecture {name!r}; exported are "
            f"{', '.join(ARCHITECTURES)}.",
            fix="Choose a model of one of these.",
        )
    keys = _Keys(gguf.metadata, name)
    if keys.raw("expert_count"):
        raise UnsupportedModel(
            f"{gguf.path.name} is a mixture of experts, which is not supported.",
            fix="Choose a dense model.",
        )
    return _shape(gguf, keys, name)


def _shape(gguf: Gguf, keys: _Keys, name: str) -> Shape:
    heads, hidden = keys.size("attention.head_count"), keys.size("embedding_length")
    head_size = keys.size("attention.key_length", hidden // heads)
    if keys.size("attention.value_length", head_size) != head_size:
        raise UnsupportedModel(
            "Keys and values of this model differ in size, which is not supported.",
            fix="Choose another model.",
        )
    kv_heads = keys.size("attention.head_count_kv", heads)
    if heads % kv_heads:
        raise BadWeights(
            f"{gguf.path.name} shares {kv_heads} key heads among {heads} heads, which cannot be.",
            fix="Use another conversion of the model.",
        )
    gemma = name == "gemma3"
    return Shape(
        architecture=name,
        layers=_layers(gguf, keys, name, head_size),
        hidden=hidden,
        heads=heads,
        kv_heads=kv_heads,
        head_size=head_size,
        feed_forward=keys.size("feed_forward_length"),
        vocabulary=_vocabulary(gguf),
        context_tokens=keys.size("context_length", limit=MAX_CONTEXT_TOKENS),
        norm_epsilon=keys.number("attention.layer_norm_rms_epsilon"),
        attention_scale=_attention_scale(keys, name, hidden, heads, head_size),
        activation="gelu_tanh" if gemma else "silu",
        embedding_scale=sqrt(hidden) if gemma else 1.0,
        attention_softcap=keys.number("attn_logit_softcapping", 0.0),
        logit_softcap=keys.number("final_logit_softcapping", 0.0),
        permuted_qk=name == "llama",
    )


def _attention_scale(keys: _Keys, name: str, hidden: int, heads: int, head_size: int) -> float:
    """1/sqrt(head size), but for Gemma 3 27B (62 layers), which divides by hidden/heads."""
    if name == "gemma3" and keys.size("block_count", limit=MAX_LAYERS) == 62:
        return (hidden / heads) ** -0.5
    return keys.number("attention.scale", head_size**-0.5)


def _vocabulary(gguf: Gguf) -> int:
    embedding = gguf.tensors.get("token_embd.weight")
    if embedding is None:
        raise BadWeights(
            f"{gguf.path.name} has no tensor 'token_embd.weight'.",
            fix="Use the whole model, not a part of it.",
        )
    return embedding.shape[0]


def _layers(gguf: Gguf, keys: _Keys, name: str, head_size: int) -> tuple[Layer, ...]:
    count = keys.size("block_count", limit=MAX_LAYERS)
    rope = _rope(gguf, keys, head_size)
    window = keys.raw("attention.sliding_window")
    tokens = keys.size("attention.sliding_window") if window else None
    if name != "gemma3":
        context = keys.size("context_length", limit=MAX_CONTEXT_TOKENS)
        honoured = tokens if name == "phi3" and tokens and tokens < context else None
        return (Layer(rope, honoured),) * count
    local = Layer(
        Rope(keys.number("rope.freq_base_swa", GEMMA3_LOCAL_ROPE_BASE), rope.size), tokens
    )
    return tuple(
        Layer(rope) if (index + 1) % GEMMA3_GLOBAL_EVERY == 0 else local for index in range(count)
    )


def _rope(gguf: Gguf, keys: _Keys, head_size: int) -> Rope:
    kind = keys.raw("rope.scaling.type") or "none"
    if kind not in ("none", "linear", "longrope"):
        raise UnsupportedModel(
            f"{gguf.path.name} scales its rotary positions by {kind!r}, which is not supported.",
            fix="Choose a conversion without it.",
        )
    base = keys.number("rope.freq_base", 1_000_000.0 if keys.prefix == "gemma3" else 10_000.0)
    size = keys.size("rope.dimension_count", head_size, limit=head_size)
    if base <= 0 or size % 2:
        raise BadWeights(
            f"{gguf.path.name} rotates {size} elements to the base {base:g}, which cannot be.",
            fix="Use another conversion of the model.",
        )
    if "rope_factors_short.weight" in gguf.tensors:
        return _longrope(keys, base, size)
    factor = keys.number("rope.scaling.factor", 1.0) if kind == "linear" else 1.0
    factors = "rope_freqs.weight" if "rope_freqs.weight" in gguf.tensors else None
    return Rope(base, size, 1.0 / factor if factor else 1.0, factors)


def _longrope(keys: _Keys, base: float, size: int) -> Rope:
    context = keys.size("context_length", limit=MAX_CONTEXT_TOKENS)
    original = keys.size("rope.scaling.original_context_length", context, MAX_CONTEXT_TOKENS)
    long = "rope_factors_long.weight" if original < context else None
    return Rope(
        base,
        size,
        factors="rope_factors_short.weight",
        long_factors=long,
        original_context=original,
        attention_factor=keys.number("rope.scaling.attn_factor", 1.0),
    )
