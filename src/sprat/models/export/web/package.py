"""The small files that the page and transformers.js read beside the graphs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sprat.models.export.arch import Shape
from sprat.models.export.package import MODEL_TYPES, end_ids, tokenizer_config
from sprat.models.export.tokenizer import Vocabulary, read_vocabulary, tokenizer_json

FILES = ("config.json", "tokenizer.json", "tokenizer_config.json")


def write_package(folder: Path, metadata: Mapping[str, Any], shape: Shape) -> tuple[int, ...]:
    """Write the configuration and the tokenizer; returns the tokens that end an answer."""
    vocabulary = read_vocabulary(metadata, shape.vocabulary)
    ends = end_ids(metadata, vocabulary)
    contents = (
        config(shape, vocabulary, ends),
        tokenizer_json(vocabulary),
        tokenizer_config(metadata, vocabulary, shape),
    )
    for name, content in zip(FILES, contents, strict=True):
        (folder / name).write_bytes(msgspec.json.encode(content))
    return tuple(ends)


def config(shape: Shape, vocabulary: Vocabulary, ends: list[int]) -> dict[str, Any]:
    """`config.json`. Source: https://huggingface.co/docs/transformers.js/guides/dtypes."""
    data = dict.fromkeys(("model_q4.onnx", "model_q4f16.onnx", "model_quantized.onnx"), 1)
    return {
        "model_type": MODEL_TYPES[shape.architecture],
        "bos_token_id": vocabulary.bos_id,
        "eos_token_id": ends,
        "head_dim": shape.head_size,
        "hidden_size": shape.hidden,
        "max_position_embeddings": shape.context_tokens,
        "num_attention_heads": shape.heads,
        "num_hidden_layers": len(shape.layers),
        "num_key_value_heads": shape.kv_heads,
        "vocab_size": shape.vocabulary,
        "transformers.js_config": {
            "kv_cache_dtype": {"q4f16": "float16"},
            "use_external_data_format": data,
        },
    }
