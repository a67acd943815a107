"""Loads the graph, with one thing added: only the positions asked for reach the output matrix.

The last matrix (hidden size x vocabulary) is a fifth to a third of a small model, and a prompt
needs its result for one position only. An exported folder must stay what ONNX Runtime GenAI
expects, so the slice is put in as the graph is loaded, never on disk.
"""

from importlib import import_module
from pathlib import Path

from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.native import Native, ort
from sprat.errors import BadWeights, UnsupportedRequest

KEEP = "sprat_keep_from"
"""int64 [1]: the first position whose logits are wanted, counted from the end (-1: the last)."""

_NORMS = {
    "SimplifiedLayerNormalization",
    "SkipSimplifiedLayerNormalization",
    "LayerNormalization",
    "SkipLayerNormalization",
    "RMSNormalization",
}


def load_session(folder: Folder, provider: str, threads: int) -> Native:
    """Open the graph.

    Raises:
        UnsupportedRequest: this build of ONNX Runtime does not have the provider.
        BadWeights: ONNX Runtime cannot load the files.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(folder.graph.parent)
    )
    providers = _providers(provider)
    try:
        model = with_keep(folder.graph, folder.names.logits)
        return ort.InferenceSession(model, options, providers=providers)
    except Exception as error:
        line = str(error).strip().splitlines()[0][:300]
        raise BadWeights(
            f"{folder.graph} cannot be loaded: {line}",
            fix="Export it again: sprat models export FILE.gguf --out DIR",
        ) from error


def _providers(provider: str) -> list[str]:
    wanted = {name.removesuffix("ExecutionProvider").lower(): name for name in _available()}
    key = provider.lower().removesuffix("executionprovider")
    if key not in wanted:
        raise UnsupportedRequest(
            f"There is no execution provider {provider!r} in this ONNX Runtime.",
            fix=f"Use one of: {', '.join(sorted(wanted))}.",
        )
    return list(dict.fromkeys([wanted[key], "CPUExecutionProvider"]))


def _available() -> list[str]:
    return [name for name in ort.get_available_providers() if name != "AzureExecutionProvider"]


def with_keep(file: Path, logits: str) -> bytes:
    """The graph of `file` as bytes, with the input `KEEP` where a last normalisation was found."""
    model: Native = import_module("onnx").load(str(file), load_external_data=False)
    _add_keep(model.graph, logits)
    return bytes(model.SerializeToString())


def _add_keep(graph: Native, logits: str) -> None:
    helper: Native = import_module("onnx.helper")
    whole = import_module("onnx").TensorProto.INT64

    place = _last_norm(graph, logits)
    if place is None:
        return
    hidden = graph.node[place].output[0]
    kept = f"{hidden}/kept"
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == hidden:
                node.input[i] = kept
    end, axis = "sprat_keep_end", "sprat_keep_axis"
    graph.initializer.append(helper.make_tensor(end, whole, [1], [2**31 - 1]))
    graph.initializer.append(helper.make_tensor(axis, whole, [1], [1]))
    graph.input.append(helper.make_tensor_value_info(KEEP, whole, [1]))
    slicer = helper.make_node("Slice", [hidden, KEEP, end, axis], [kept], name="sprat_keep")
    graph.node.insert(place + 1, slicer)


def _last_norm(graph: Native, logits: str) -> int | None:
    """The last normalisation before `logits`: data comes in as each operator's first input."""
    makers = {name: i for i, node in enumerate(graph.node) for name in node.output if name}
    at = makers.get(logits)
    seen = 0
    while at is not None and seen < 64:
        if graph.node[at].op_type in _NORMS:
            return at
        at, seen = makers.get(graph.node[at].input[0]), seen + 1
    return None
