"""Loads the graph with two things added; the exported folder itself is never changed.

`KEEP`: only the positions asked for reach the output matrix. That matrix (hidden size x
vocabulary) is a fifth to a third of a small model, and a prompt needs one position of it.

`PAD`: attention may be given one token more than the rest of the graph. ONNX Runtime's attention
rounds differently for one query than for several; with a second, unused one beside it, a token
gets the same bits whether it is computed alone, in a prompt, or among guesses to be checked.
Why that matters: docs/decisions/own-decode-loop.md.
"""

from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.native import Native

KEEP = "sprat_keep_from"
"""int64 [1]: the first position whose logits are wanted, counted from the end (-1: the last)."""
PAD = "sprat_pad"
"""[rows, 0 or 1, width], of the cache's type: what attention is given beside the tokens.

One input for each width, called `sprat_pad/WIDTH`."""
COUNT = "sprat_count"
"""int64 [1]: how many tokens there are without it."""

_NORMS = {
    "SimplifiedLayerNormalization",
    "SkipSimplifiedLayerNormalization",
    "LayerNormalization",
    "SkipLayerNormalization",
    "RMSNormalization",
}
_ATTENTION = "GroupQueryAttention"
_SCAN_NODES = 64
"""How far from the logits the last normalisation is looked for."""


class Edited(NamedTuple):
    """A graph to be loaded from memory, and where the files of its weights lie."""

    graph: bytes
    data: Path


def edited(folder: Folder, *, pads: bool = True, exact: bool = False) -> Edited:
    """The graph, with the inputs above where it has the shape that they need.

    Without `pads` it gets no `PAD`: only the processor's attention rounds so that one is needed.
    `exact` multiplies in floats what the graph would multiply in 8-bit integers.
    """
    model: Native = import_module("onnx").load(str(folder.graph), load_external_data=False)
    _add_keep(model.graph, folder.names.logits)
    if exact:
        _set_exact(model.graph)
    if pads:
        _add_pads(model.graph, folder)
    data = _follow_links(model.graph, folder.graph.parent)
    return Edited(bytes(model.SerializeToString()), data)


def _set_exact(graph: Native) -> None:
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name == "accuracy_level":
                attribute.i = 0


def _follow_links(graph: Native, folder: Path) -> Path:
    """The folder that the weights' files really lie in, and their names there.

    A Hugging Face cache keeps links to files elsewhere, and ONNX Runtime reads no weights through
    a link that leaves the folder. Where they lie in several folders nothing is changed.
    """
    entries = [e for t in graph.initializer for e in t.external_data if e.key == "location"]
    files = {e.value: (folder / e.value).resolve() for e in entries}
    parents = {file.parent for file in files.values()}
    if len(parents) != 1 or not any((folder / name).is_symlink() for name in files):
        return folder
    for entry in entries:
        entry.value = files[entry.value].name
    return parents.pop()


def pad_widths(names: list[str]) -> dict[str, int]:
    """Which pad inputs the graph has, by name, and how wide each is."""
    found = (name.split("/") for name in names if name.startswith(f"{PAD}/"))
    return {"/".join(parts): int(parts[1]) for parts in found}


def _add_keep(graph: Native, logits: str) -> None:
    place = _last_norm(graph, logits)
    if place is None:
        return
    helper, whole = _helper(), _whole()
    hidden = graph.node[place].output[0]
    kept, end, axis = f"{hidden}/kept", "sprat_keep_end", "sprat_keep_axis"
    for node in graph.node:
        _rename_inputs(node, hidden, kept)
    graph.initializer.append(helper.make_tensor(end, whole, [1], [2**31 - 1]))
    graph.initializer.append(helper.make_tensor(axis, whole, [1], [1]))
    graph.input.append(helper.make_tensor_value_info(KEEP, whole, [1]))
    slicer = helper.make_node("Slice", [hidden, KEEP, end, axis], [kept], name="sprat_keep")
    graph.node.insert(place + 1, slicer)


def _last_norm(graph: Native, logits: str) -> int | None:
    """The last normalisation before `logits`: data comes in as each operator's first input."""
    makers = {name: i for i, node in enumerate(graph.node) for name in node.output if name}
    at = makers.get(logits)
    for _ in range(_SCAN_NODES):
        if at is None or graph.node[at].op_type in _NORMS:
            return at
        at = makers.get(graph.node[at].input[0])
    return None


def _add_pads(graph: Native, folder: Folder) -> None:
    attentions = [node for node in graph.node if node.op_type == _ATTENTION]
    if not attentions or any(_has_positions(node) for node in attentions):
        return
    key = folder.names.past_key_names % 0
    real = next((i.type.tensor_type.elem_type for i in graph.input if i.name == key), None)
    if real is None:
        return
    helper, whole = _helper(), _whole()
    pads: dict[str, int] = {}
    nodes: list[Native] = []
    for node in graph.node:
        if node.op_type == _ATTENTION:
            nodes += [*_padded_inputs(node, folder, pads), node, _cut_output(node)]
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    for name, width in pads.items():
        graph.input.append(helper.make_tensor_value_info(name, real, ["rows", "pad", width]))
    graph.input.append(helper.make_tensor_value_info(COUNT, whole, [1]))
    for name, value in (("sprat_zero", 0), ("sprat_one", 1)):
        graph.initializer.append(helper.make_tensor(name, whole, [1], [value]))


def _has_positions(node: Native) -> bool:
    """Whether it is told each token's position or bias: a pad would need one too."""
    return any(node.input[9:11])


def _padded_inputs(node: Native, folder: Folder, pads: dict[str, int]) -> list[Native]:
    """Nodes that append the pad to query, key and value (or to the three packed in one)."""
    heads = {a.name: a.i for a in node.attribute if a.name in {"num_heads", "kv_num_heads"}}
    query, kv = heads["num_heads"] * folder.head_size, heads["kv_num_heads"] * folder.head_size
    widths = [query, kv, kv] if node.input[1] else [query + 2 * kv]
    made: list[Native] = []
    for i, width in enumerate(widths):
        pad, padded = f"{PAD}/{width}", f"{node.input[i]}/padded"
        pads[pad] = width
        made.append(_helper().make_node("Concat", [node.input[i], pad], [padded], axis=1))
        node.input[i] = padded
    return made


def _cut_output(node: Native) -> Native:
    whole = node.output[0]
    node.output[0] = f"{whole}/padded"
    inputs = [node.output[0], "sprat_zero", COUNT, "sprat_one"]
    return _helper().make_node("Slice", inputs, [whole])


def _rename_inputs(node: Native, old: str, new: str) -> None:
    for i, name in enumerate(node.input):
        if name == old:
            node.input[i] = new


def _helper() -> Native:
    return import_module("onnx.helper")


def _whole() -> Native:
    return import_module("onnx").TensorProto.INT64
