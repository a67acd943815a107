"""An embedding model for the page: its ONNX file as it comes, its tokenizer, and a manifest."""

import shutil
from pathlib import Path
from typing import Any

import msgspec

from sprat.models.disk import becoming
from sprat.models.export.web import About
from sprat.models.export.web.manifest import Manifest, Variant, entry, write_manifest

MODEL, TOKENIZER = "onnx/model_quantized.onnx", "tokenizer.json"
CONTEXT_TOKENS = 256
"""What MiniLM reads. Source: sentence_bert_config.json of all-MiniLM-L6-v2."""


def export_embedding(source: Path, out: Path, about: About) -> None:
    """Write the folder `out`, which must not exist, from one with `model.onnx` and a tokenizer."""
    with becoming(out) as part:
        (part / "onnx").mkdir()
        shutil.copyfile(source / "model.onnx", part / MODEL)
        shutil.copyfile(source / TOKENIZER, part / TOKENIZER)
        sizes = _sizes(part / MODEL)
        _write_configuration(part, sizes)
        write_manifest(part, _manifest(part, about, sizes))


class _Sizes(msgspec.Struct, frozen=True):
    layers: int
    hidden: int
    vocabulary: int


def _sizes(model: Path) -> _Sizes:
    """Read from the names and shapes of the graph's own initialisers."""
    from onnx import ModelProto

    graph = ModelProto.FromString(model.read_bytes()).graph
    shapes = {one.name: list(one.dims) for one in graph.initializer}
    words = next(dims for name, dims in shapes.items() if "word_embeddings" in name and dims)
    layers = {name.split(".layer.")[1].split(".")[0] for name in shapes if ".layer." in name}
    return _Sizes(layers=len(layers), hidden=words[1], vocabulary=words[0])


def _write_configuration(folder: Path, sizes: _Sizes) -> None:
    config: dict[str, Any] = {
        "model_type": "bert",
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": CONTEXT_TOKENS,
    }
    tokenizer = {"tokenizer_class": "BertTokenizer", "model_max_length": CONTEXT_TOKENS}
    (folder / "config.json").write_bytes(msgspec.json.encode(config))
    (folder / "tokenizer_config.json").write_bytes(msgspec.json.encode(tokenizer))


def _manifest(folder: Path, about: About, sizes: _Sizes) -> Manifest:
    return Manifest(
        name=about.name,
        title=about.title,
        licence=about.licence or "unknown",
        architecture="bert",
        sha256=about.sha256 or "",
        context_tokens=CONTEXT_TOKENS,
        layers=sizes.layers,
        kv_heads=0,
        head_size=0,
        vocabulary=sizes.vocabulary,
        ends=(),
        files=tuple(entry(folder, n) for n in ("config.json", TOKENIZER, "tokenizer_config.json")),
        variants=(
            Variant(
                id="wasm-int8",
                backend="wasm",
                needs=(),
                model=entry(folder, MODEL),
                data=(),
                cache="float32",
                canary=None,
            ),
        ),
    )
