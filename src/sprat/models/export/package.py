"""The small files beside the model: what ONNX Runtime GenAI and transformers.js read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sprat.errors import BadWeights
from sprat.models.export.arch import Shape
from sprat.models.export.tokenizer import (
    Vocabulary,
    added_tokens,
    read_vocabulary,
    special_id,
    tokenizer_json,
)

MODEL_TYPES = {
    "llama": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "gemma3": "gemma3_text",
    "phi3": "phi3",
}
# Tokens that end a turn or a text, whatever the one that the metadata names.
# Source: llama.cpp's list of end-of-generation tokens.
ENDINGS = (
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
    "<|eom_id|>", "<EOT>", "<eos>",
)  # fmt: skip


def write_package(
    folder: Path, metadata: Mapping[str, Any], shape: Shape, model_file: str
) -> Vocabulary:
    """Write the configuration and tokenizer files into `folder`."""
    vocabulary = read_vocabulary(metadata, shape.vocabulary)
    files = {
        "tokenizer.json": tokenizer_json(vocabulary),
        "tokenizer_config.json": tokenizer_config(metadata, vocabulary, shape),
        "genai_config.json": genai_config(metadata, vocabulary, shape, model_file),
    }
    for name, content in files.items():
        data = msgspec.json.encode(content)
        if name != "tokenizer.json":
            data = msgspec.json.format(data, indent=2)
        (folder / name).write_bytes(data)
    return vocabulary


def end_ids(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> list[int]:
    """Every token that ends an answer: the named ones first; never empty.

    Raises:
        BadWeights: nothing ends an answer.
    """
    count = len(vocabulary.tokens)
    named = [special_id(metadata, name, count) for name in ("eos", "eot")]
    known = [
        index
        for index, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.kinds, strict=True))
        if kind != 1 and token in ENDINGS
    ]
    found = list(dict.fromkeys(i for i in (*named, *known) if i is not None))
    if not found:
        raise BadWeights(
            "The GGUF names no token that ends an answer (tokenizer.ggml.eos_token_id is "
            f"{metadata.get('tokenizer.ggml.eos_token_id')!r}, of {count} tokens).",
            fix="Use another conversion of the model.",
        )
    return found


def genai_config(
    metadata: Mapping[str, Any], vocabulary: Vocabulary, shape: Shape, model_file: str
) -> dict[str, Any]:
    """`genai_config.json`. Source: https://onnxruntime.ai/docs/genai/reference/config.html."""
    ends = end_ids(metadata, vocabulary)
    padding = special_id(metadata, "padding", len(vocabulary.tokens))
    return {
        "model": {
            "bos_token_id": vocabulary.bos_id if vocabulary.bos_id is not None else ends[0],
            "context_length": shape.context_tokens,
            "decoder": _decoder(shape, model_file),
            "eos_token_id": ends,
            "pad_token_id": padding if padding is not None else ends[0],
            "type": MODEL_TYPES[shape.architecture],
            "vocab_size": shape.vocabulary,
        },
        "search": {
            "do_sample": False,
            "early_stopping": True,
            "max_length": shape.context_tokens,
            "min_length": 0,
            "num_beams": 1,
            "num_return_sequences": 1,
            "past_present_share_buffer": True,
            "repetition_penalty": 1.0,
            "temperature": 1.0,
            "top_k": 1,
            "top_p": 1.0,
        },
    }


def _decoder(shape: Shape, model_file: str) -> dict[str, Any]:
    return {
        "session_options": {"log_id": "onnxruntime-genai", "provider_options": []},
        "filename": model_file,
        "head_size": shape.head_size,
        "hidden_size": shape.hidden,
        "inputs": {
            "input_ids": "input_ids",
            "attention_mask": "attention_mask",
            "past_key_names": "past_key_values.%d.key",
            "past_value_names": "past_key_values.%d.value",
        },
        "outputs": {
            "logits": "logits",
            "present_key_names": "present.%d.key",
            "present_value_names": "present.%d.value",
        },
        "num_attention_heads": shape.heads,
        "num_hidden_layers": len(shape.layers),
        "num_key_value_heads": shape.kv_heads,
    }


def tokenizer_config(
    metadata: Mapping[str, Any], vocabulary: Vocabulary, shape: Shape
) -> dict[str, Any]:
    """`tokenizer_config.json`, the chat template in it where the GGUF has one."""
    count = len(vocabulary.tokens)
    config: dict[str, Any] = {
        "tokenizer_class": _tokenizer_class(vocabulary),
        "add_bos_token": vocabulary.add_bos,
        "add_prefix_space": vocabulary.add_space_prefix,
        "clean_up_tokenization_spaces": False,
        "model_max_length": shape.context_tokens,
        "added_tokens_decoder": {str(token.pop("id")): token for token in added_tokens(vocabulary)},
    }
    names = {"bos": "bos", "eos": "eos", "padding": "pad", "unknown": "unk"}
    for key, name in names.items():
        index = special_id(metadata, key, count)
        config[f"{name}_token"] = None if index is None else vocabulary.tokens[index]
    template = metadata.get("tokenizer.chat_template")
    if isinstance(template, str):
        config["chat_template"] = template
    return config


def _tokenizer_class(vocabulary: Vocabulary) -> str:
    """The class that ONNX Runtime's own tokenizer goes by.

    Of its SentencePiece classes only Gemma's joins runs of spaces as llama.cpp does.
    """
    if vocabulary.model == "llama":
        return "GemmaTokenizer"
    return {"qwen2": "Qwen2Tokenizer", "smollm": "GPT2Tokenizer"}.get(
        vocabulary.pre, "PreTrainedTokenizerFast"
    )
