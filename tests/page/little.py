"""A little model for the page: the tiny one of the engines' tests, a manifest, and its oracle."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from tests.engines.tiny import CONTEXT, build
from tokenizers import Tokenizer

LAYERS, KV_HEADS, HEAD_SIZE = 2, 2, 16
PROMPT = list(range(40, 75))


class Native:
    """ONNX Runtime on the processor, over the same file: what the page must compute."""

    def __init__(self, model: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(model, options, ["CPUExecutionProvider"])
        self.past = [i for i in self.session.get_inputs() if i.name.startswith("past_key_values.")]
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.cache = {
            i.name: np.zeros((1, i.shape[1], 0, i.shape[3]), np.float32) for i in self.past
        }
        self.tokens = 0

    def hear(self, tokens: list[int]) -> np.ndarray:
        """Read on; the logits after the last token: [vocabulary]."""
        self.tokens += len(tokens)
        mask = np.ones((1, self.tokens), np.int64)
        feeds = {"input_ids": np.array([tokens], np.int64), "attention_mask": mask}
        present = [i.name.replace("past_key_values", "present") for i in self.past]
        logits, *cache = self.session.run(["logits", *present], feeds | self.cache)
        self.cache = {i.name: value for i, value in zip(self.past, cache, strict=True)}
        return logits[0, -1]

    def sing(self, prompt: list[int], steps: int) -> tuple[list[int], list[np.ndarray]]:
        """The greedy continuation, and the logits of each step."""
        self.forget()
        tokens: list[int] = []
        logits = [self.hear(prompt)]
        while True:
            tokens.append(int(logits[-1].argmax()))
            if len(tokens) == steps:
                return tokens, logits
            logits.append(self.hear(tokens[-1:]))


def little(folder: Path) -> Path:
    """A folder for the page; the same graph of single precision for both backends."""
    made = build(folder.with_name(f"{folder.name}-native"))
    (folder / "onnx").mkdir(parents=True)
    for name in ("model.onnx", "model.onnx.data"):
        shutil.copy(made / name, folder / "onnx" / name)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(made / name, folder / name)
    write_manifest(folder, variants(folder))
    return folder


def variants(folder: Path) -> list[dict[str, Any]]:
    tokens, logits = Native(folder / "onnx/model.onnx").sing(PROMPT, 4)
    top = logits[0].argsort()[::-1][:5]
    canary = {
        "prompt": PROMPT,
        "tokens": tokens,
        "top": [{"id": int(i), "logit": float(logits[0][i])} for i in top],
        "tolerance": 1e-3,
    }
    both = (("webgpu-f32", "webgpu"), ("wasm-int8", "wasm"))
    return [
        {
            "id": variant, "backend": backend, "needs": [], "cache": "float32", "canary": canary,
            "model": entry(folder, "onnx/model.onnx"),
            "data": [entry(folder, "onnx/model.onnx.data")],
        }
        for variant, backend in both
    ]  # fmt: skip


def write_manifest(folder: Path, found: list[dict[str, Any]]) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    files = [entry(folder, name) for name in ("tokenizer.json", "tokenizer_config.json")]
    manifest = {
        "format": 1, "name": "little", "title": "Little", "licence": "Apache-2.0",
        "architecture": "llama", "sha256": "0" * 64, "contextTokens": CONTEXT, "layers": LAYERS,
        "kvHeads": KV_HEADS, "headSize": HEAD_SIZE, "vocabulary": tokenizer.get_vocab_size(),
        "ends": [2], "files": files, "variants": found,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def entry(folder: Path, name: str) -> dict[str, Any]:
    data = (folder / name).read_bytes()
    return {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
