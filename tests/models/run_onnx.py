"""Runs an exported folder's model with onnxruntime alone."""

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort


def onnx_logits(folder: Path, ids: list[int], *, split: int = 0) -> np.ndarray:
    """[tokens, vocabulary]; with `split`, in two calls, the first of that many tokens."""
    decoder = json.loads((folder / "genai_config.json").read_text("utf-8"))["model"]["decoder"]
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    session = ort.InferenceSession(folder / decoder["filename"], options, ["CPUExecutionProvider"])
    empty = np.zeros((1, decoder["num_key_value_heads"], 0, decoder["head_size"]), np.float32)
    names = [
        f"{i}.{part}" for i in range(decoder["num_hidden_layers"]) for part in ("key", "value")
    ]
    past = dict.fromkeys(names, empty)
    found, done = [], 0
    for piece in (ids[:split], ids[split:]):
        if not piece:
            continue
        done += len(piece)
        feeds = {f"past_key_values.{name}": value for name, value in past.items()}
        feeds["input_ids"] = np.array([piece], np.int64)
        feeds["attention_mask"] = np.ones((1, done), np.int64)
        outputs = session.run(["logits", *(f"present.{name}" for name in names)], feeds)
        past = dict(zip(names, outputs[1:], strict=True))
        found.append(outputs[0][0])
    return np.concatenate(found)
