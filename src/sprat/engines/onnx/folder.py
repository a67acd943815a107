"""What an ONNX Runtime GenAI folder says about its model."""

from pathlib import Path
from typing import Any

import msgspec

from sprat.errors import BadWeights

CONFIG = "genai_config.json"


class Names(msgspec.Struct, frozen=True):
    """How the graph calls its inputs and outputs; `%d` is the layer."""

    input_ids: str = "input_ids"
    attention_mask: str = "attention_mask"
    position_ids: str = "position_ids"
    past_key_names: str = "past_key_values.%d.key"
    past_value_names: str = "past_key_values.%d.value"
    logits: str = "logits"
    present_key_names: str = "present.%d.key"
    present_value_names: str = "present.%d.value"


class _Decoder(msgspec.Struct, frozen=True):
    filename: str
    num_hidden_layers: int
    num_key_value_heads: int
    head_size: int
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}


class _Model(msgspec.Struct, frozen=True):
    context_length: int
    vocab_size: int
    decoder: _Decoder
    eos_token_id: int | list[int] = []


class _Config(msgspec.Struct, frozen=True):
    model: _Model


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A model on disk: where it is and what shape it has."""

    path: Path
    graph: Path
    context_tokens: int
    vocab: int
    layers: int
    kv_heads: int
    head_size: int
    end_ids: frozenset[int]
    """Tokens that end an answer."""
    names: Names


def read_folder(path: Path) -> Folder:
    """Read `genai_config.json`.

    Raises:
        BadWeights: there is none, or it does not describe a decoder.
    """
    file = path / CONFIG
    try:
        model = msgspec.json.decode(file.read_bytes(), type=_Config).model
    except OSError as error:
        raise _bad(path, f"{CONFIG} cannot be read ({error.strerror})") from error
    except msgspec.MsgspecError as error:
        raise _bad(path, f"{CONFIG} does not describe a decoder ({error})") from error
    graph = path / model.decoder.filename
    if not graph.is_file():
        raise _bad(path, f"{model.decoder.filename} is missing")
    ends = model.eos_token_id
    return Folder(
        path=path,
        graph=graph,
        context_tokens=model.context_length,
        vocab=model.vocab_size,
        layers=model.decoder.num_hidden_layers,
        kv_heads=model.decoder.num_key_value_heads,
        head_size=model.decoder.head_size,
        end_ids=frozenset([ends] if isinstance(ends, int) else ends),
        names=_names(model.decoder),
    )


def _names(decoder: _Decoder) -> Names:
    given: dict[str, Any] = {**decoder.inputs, **decoder.outputs}
    known = {field: given[field] for field in Names.__struct_fields__ if field in given}
    return msgspec.convert(known, Names)


def _bad(path: Path, what: str) -> BadWeights:
    return BadWeights(
        f"{path} is no ONNX Runtime GenAI folder: {what}.",
        fix="Export the GGUF again: sprat models export FILE.gguf --out DIR",
    )
