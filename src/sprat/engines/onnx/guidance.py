"""Makes an answer fit a JSON schema or a regular expression while it is decoded.

ONNX Runtime GenAI has the grammars (llguidance), but only inside its `Generator`. So each guided
answer drives a `Generator` over a graph that computes nothing, hands it the real logits, and takes
the token it chooses: no second copy of the weights, and no second dependency.
"""

import json
from importlib import import_module
from typing import Any

import numpy as np

from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.native import Floats, Native, og
from sprat.errors import UnsupportedRequest, first_line
from sprat.types import ChatRequest, ResponseFormat

_GRAPH = "sprat-guide.onnx"
_ANY_OBJECT = {"type": "object"}
_COMPACT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""Free white space invites small models to write nothing else."""


class Guides:
    """Makes a `Guide` for each request that wants one."""

    def __init__(self, folder: Folder) -> None:
        overlay = {
            "model": {
                "decoder": {
                    "filename": _GRAPH,
                    "num_hidden_layers": 1,
                    "num_key_value_heads": 1,
                    "head_size": 1,
                }
            },
            "search": {"past_present_share_buffer": False},
        }
        self._graph = _empty_graph(folder)  # the native side keeps a pointer to these bytes
        config: Native = og.Config(str(folder.path))
        config.overlay(json.dumps(overlay))
        config.clear_providers()
        config.add_model_data(_GRAPH, self._graph)
        self._model: Native = og.Model(config)

    def open(self, request: ChatRequest, wanted: ResponseFormat, most_tokens: int) -> "Guide":
        """Compile the grammar.

        Raises:
            UnsupportedRequest: the schema or the pattern cannot be used.
        """
        params: Native = og.GeneratorParams(self._model)
        sampled: dict[str, Any] = {"do_sample": False}
        if request.temperature > 0:
            sampled = {
                "do_sample": True,
                "temperature": request.temperature,
                "top_p": request.top_p,
                "top_k": 0,
            }
            if request.seed is not None:
                sampled["random_seed"] = request.seed % 2**31
        params.set_search_options(max_length=most_tokens + 2, **sampled)
        kind, data = _grammar(wanted)
        shaped = request.response_format is not None
        what = "response format" if shaped else "parameters of the tools"
        try:
            params.set_guidance(kind, data)
            return Guide(og.Generator(self._model, params))
        except Exception as error:  # the native library raises whatever it likes
            raise UnsupportedRequest(
                f"The {what} cannot be used: {first_line(error)}.",
                param="response_format" if shaped else "tools",
                fix="Check the JSON schema or the pattern.",
            ) from error


class Guide:
    """One answer's grammar, at the place the answer has reached."""

    def __init__(self, generator: Native) -> None:
        self._generator = generator
        self._generator.append_tokens(np.array([0], np.int32))

    def choose(self, logits: Floats) -> int:
        """The next token from float32 logits [vocab]; the grammar moves on with it."""
        self._generator.get_logits()  # GenAI takes logits only where it has made some itself
        self._generator.set_logits(np.ascontiguousarray(logits[None], np.float32))
        self._generator.generate_next_token()
        return int(self._generator.get_next_tokens()[0])


def _grammar(wanted: ResponseFormat) -> tuple[str, str]:
    if wanted.kind == "regex":
        return "regex", wanted.pattern or ""
    schema = wanted.schema if wanted.kind == "json_schema" else None
    return "json_schema", json.dumps({**(schema or _ANY_OBJECT), "x-guidance": _COMPACT})


def _empty_graph(folder: Folder) -> bytes:
    """A graph with a decoder's inputs and outputs whose logits are all zero."""
    helper: Native = import_module("onnx.helper")
    TensorProto: Native = import_module("onnx").TensorProto  # noqa: N806 - its own name

    names = folder.names
    keys, values = names.past_key_names % 0, names.past_value_names % 0
    new_keys, new_values = names.present_key_names % 0, names.present_value_names % 0
    whole, real = TensorProto.INT64, TensorProto.FLOAT
    info = helper.make_tensor_value_info
    inputs = [
        info(names.input_ids, whole, ["b", "s"]),
        info(names.attention_mask, whole, ["b", "t"]),
        *(info(name, real, ["b", 1, "p", 1]) for name in (keys, values)),
    ]
    outputs = [
        info(names.logits, real, ["b", "s", folder.vocab]),
        *(info(name, real, ["b", 1, "t", 1]) for name in (new_keys, new_values)),
    ]
    nodes = [
        helper.make_node("Cast", [names.input_ids], ["x"], to=real),
        helper.make_node("Unsqueeze", ["x", "axis"], ["x1"]),
        helper.make_node("Mul", ["x1", "zeros"], [names.logits]),
        helper.make_node("Reshape", ["x", "shape"], ["x2"]),
        helper.make_node("Concat", [keys, "x2"], [new_keys], axis=2),
        helper.make_node("Concat", [values, "x2"], [new_values], axis=2),
    ]
    constants = [
        helper.make_tensor("axis", whole, [1], [2]),
        helper.make_tensor("shape", whole, [4], [1, 1, -1, 1]),
        helper.make_tensor("zeros", real, [folder.vocab], np.zeros(folder.vocab, np.float32)),
    ]
    graph = helper.make_graph(nodes, "guide", inputs, outputs, constants)
    opset = [helper.make_opsetid("", 21)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()
