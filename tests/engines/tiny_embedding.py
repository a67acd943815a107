"""An embedding model small enough to make in a test: each word has a vector, drawn at random."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "quick", "brown", "fox", "jumps", "over"]
WIDTH = 8


def table() -> np.ndarray:
    """The vectors of the words, by token number."""
    return np.random.default_rng(11).normal(size=(len(WORDS), WIDTH)).astype(np.float32)


def build(folder: Path) -> Path:
    """A folder of `model.onnx` and a `tokenizer.json` that cuts and pads, as real ones do."""
    folder.mkdir(parents=True)
    onnx.save(_graph(), str(folder / "model.onnx"))
    _tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def _graph() -> onnx.ModelProto:
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "sequence"])
    mask = helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "sequence"])
    out = helper.make_tensor_value_info(
        "last_hidden_state", TensorProto.FLOAT, ["batch", "sequence", WIDTH]
    )
    gather = helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])
    weights = numpy_helper.from_array(table(), "table")
    graph = helper.make_graph([gather], "tiny", [ids, mask], [out], [weights])
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


def _tokenizer() -> Tokenizer:
    known = {word: at for at, word in enumerate(WORDS)}
    made = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    ends = [("[CLS]", known["[CLS]"]), ("[SEP]", known["[SEP]"])]
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=ends
    )
    made.enable_truncation(6)
    made.enable_padding(length=6)
    return made
