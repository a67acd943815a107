"""A real ONNX Runtime GenAI folder with random weights: small enough to make in a test.

It talks nonsense, but nonsense computed by the same operators, through the same files, as a real
model's; and its byte-level vocabulary makes characters that are split over tokens the usual case.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

CONTEXT = 512
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = "the quick brown fox jumps over the lazy dog and then it rests in the sun " * 4


class _Graph:
    """Collects nodes and initializers."""

    def __init__(self, seed: int, bits: int | None) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(seed)
        self.bits = bits

    def constant(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def node(self, op: str, inputs: list[str], outputs: list[str], domain: str = "", **kw) -> str:
        self.nodes.append(
            helper.make_node(op, inputs, outputs, name=f"n{len(self.nodes)}", domain=domain, **kw)
        )
        return outputs[0]

    def normal(self, name: str, *shape: int, scale: float = 1.0) -> str:
        return self.constant(name, self.random.normal(0, scale, shape).astype(np.float32))

    def matmul(self, x: str, name: str, k: int, n: int, gain: float = 1.0) -> str:
        if self.bits is None:
            weight = self.normal(f"{name}.weight", k, n, scale=gain / k**0.5)
            return self.node("MatMul", [x, weight], [name])
        packed = self.random.integers(0, 256, (n, k // 32, 16), dtype=np.uint8)
        scales = np.full((n, k // 32), gain / (4.6 * k**0.5), np.float32)
        inputs = [x, self.constant(f"{name}.q", packed), self.constant(f"{name}.s", scales)]
        return self.node(
            "MatMulNBits", inputs, [name], "com.microsoft",
            K=k, N=n, bits=4, block_size=32, accuracy_level=4,
        )  # fmt: skip


def _rotary(graph: _Graph, head: int) -> tuple[str, str]:
    angles = np.outer(np.arange(CONTEXT), 1e4 ** (-np.arange(0, head, 2) / head))
    return (
        graph.constant("cos", np.cos(angles).astype(np.float32)),
        graph.constant("sin", np.sin(angles).astype(np.float32)),
    )


def build(
    folder: Path, *, layers=2, hidden=64, heads=4, kv=2, ffn=128, vocab=384, bits=None, seed=7
) -> Path:
    """Write the folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    vocab = _tokenizer(folder, vocab)
    head = hidden // heads
    g = _Graph(seed, bits)
    cos, sin = _rotary(g, head)
    one = g.constant("one", np.array([1], np.int64))
    g.node("ReduceSum", ["attention_mask", one], ["length"], keepdims=0)
    g.node("Sub", ["length", one], ["length1"])
    g.node("Cast", ["length1"], ["seqlens"], to=TensorProto.INT32)
    g.node("Shape", ["attention_mask"], ["mask_shape"])
    g.node("Gather", ["mask_shape", g.constant("axis", np.array(1, np.int64))], ["total64"])
    g.node("Cast", ["total64"], ["total"], to=TensorProto.INT32)
    g.node("Gather", [g.normal("embed", vocab, hidden), "input_ids"], ["x"])
    scale = g.constant("norm", np.ones(hidden, np.float32))
    g.node("SimplifiedLayerNormalization", ["x", scale], ["h"], epsilon=1e-5)
    x, h = "x", "h"
    for i in range(layers):
        qkv = g.matmul(h, f"qkv{i}", hidden, (heads + 2 * kv) * head, gain=2.0)
        g.node(
            "GroupQueryAttention",
            [qkv, "", "", f"past_key_values.{i}.key", f"past_key_values.{i}.value",
             "seqlens", "total", cos, sin],
            [f"attn{i}", f"present.{i}.key", f"present.{i}.value"], "com.microsoft",
            num_heads=heads, kv_num_heads=kv, do_rotary=1,
        )  # fmt: skip
        o = g.matmul(f"attn{i}", f"o{i}", hidden, hidden)
        g.node("SkipSimplifiedLayerNormalization", [x, o, scale], [f"h{i}a", "", "", f"x{i}a"],
               "com.microsoft", epsilon=1e-5)  # fmt: skip
        gate = g.matmul(f"h{i}a", f"gate{i}", hidden, ffn)
        up = g.matmul(f"h{i}a", f"up{i}", hidden, ffn)
        g.node("Sigmoid", [gate], [f"sig{i}"])
        g.node("Mul", [gate, f"sig{i}"], [f"silu{i}"])
        g.node("Mul", [f"silu{i}", up], [f"act{i}"])
        down = g.matmul(f"act{i}", f"down{i}", ffn, hidden)
        last = [f"h{i}b", "", "", f"x{i}b"]
        g.node("SkipSimplifiedLayerNormalization", [f"x{i}a", down, scale],
               last if i < layers - 1 else last[:1], "com.microsoft", epsilon=1e-5)  # fmt: skip
        x, h = f"x{i}b", f"h{i}b"
    g.node("Identity", [g.matmul(h, "head", hidden, vocab, gain=4.0)], ["logits"])
    _write(folder, g, layers, kv, head, vocab, hidden, heads)
    return folder


def _write(folder, g, layers, kv, head, vocab, hidden, heads) -> None:
    info, whole = helper.make_tensor_value_info, TensorProto.INT64
    ids = [info("input_ids", whole, ["b", "s"]), info("attention_mask", whole, ["b", "t"])]
    outs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "s", vocab])]
    for i in range(layers):
        for what in ("key", "value"):
            shape = ["b", kv, "l", head]
            name = f"past_key_values.{i}.{what}"
            ids.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
            outs.append(
                helper.make_tensor_value_info(f"present.{i}.{what}", TensorProto.FLOAT, shape)
            )
    graph = helper.make_graph(g.nodes, "tiny", ids, outs, g.weights)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.save(model, folder / "model.onnx", save_as_external_data=True,
              location="model.onnx.data", size_threshold=64)  # fmt: skip
    decoder = {
        "session_options": {}, "filename": "model.onnx", "head_size": head,
        "hidden_size": hidden, "num_attention_heads": heads, "num_hidden_layers": layers,
        "num_key_value_heads": kv,
        "inputs": {"input_ids": "input_ids", "attention_mask": "attention_mask",
                   "past_key_names": "past_key_values.%d.key",
                   "past_value_names": "past_key_values.%d.value"},
        "outputs": {"logits": "logits", "present_key_names": "present.%d.key",
                    "present_value_names": "present.%d.value"},
    }  # fmt: skip
    config = {
        "model": {"type": "llama", "context_length": CONTEXT, "vocab_size": vocab,
                  "bos_token_id": 0, "eos_token_id": [2], "pad_token_id": 2, "decoder": decoder},
        "search": {"max_length": CONTEXT, "past_present_share_buffer": True, "do_sample": False},
    }  # fmt: skip
    (folder / "genai_config.json").write_text(json.dumps(config), "utf-8")


def _tokenizer(folder: Path, vocab: int) -> int:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=[AddedToken(s, special=True) for s in special],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, "add_bos_token": False,
        "bos_token": special[0], "eos_token": special[2], "chat_template": TEMPLATE,
        "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return tokenizer.get_vocab_size() if vocab < 1000 else vocab
