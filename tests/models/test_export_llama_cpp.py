"""A second oracle: llama.cpp itself runs the same tiny files."""

import json
import urllib.request

import numpy as np
import pytest
from tests.engines.llama_server import llama_server
from tests.models.run_onnx import onnx_logits
from tests.models.tiny import Tiny

from sprat.models.export import export

ALTERNATIVES = 10
CASES = {
    "llama": Tiny("llama", "F32"),
    "llama with stored frequency factors": Tiny("llama", "F32", rope_factors=True),
    "qwen2": Tiny("qwen2", "F32"),
    "qwen3": Tiny("qwen3", "F32"),
    "gemma3 with a window": Tiny("gemma3", "F32", layers=7, window=8),
    "phi3": Tiny("phi3", "F32"),
}


def llama_log_probabilities(address: str, ids: list[int]) -> dict[int, float]:
    """llama.cpp's most likely next tokens and their log-probabilities."""
    body = {"prompt": ids, "n_predict": 1, "n_probs": ALTERNATIVES, "temperature": 0.0}
    request = urllib.request.Request(
        address.removesuffix("/v1") + "/completion",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        first = json.load(response)["completion_probabilities"][0]
    return {choice["id"]: choice["logprob"] for choice in first["top_logprobs"]}


@pytest.mark.parametrize("case", CASES)
def test_next_token_probabilities_are_llama_cpps(case, tmp_path):
    tiny = CASES[case]
    # Whole characters only (llama.cpp reports no probabilities for half a one), and no early end.
    tiny.tokens = [chr(code) for code in range(ord("!"), ord("~"))]
    tiny.merges, tiny.special = ["a b"], {"bos": 0, "eos": 1}
    gguf = tiny.write(tmp_path / "tiny.gguf")
    folder = export(gguf, tmp_path / "out", accuracy_level=0).folder
    ids = [5, 17, 3, 88, 41, 9, 9, 70, 12, 33, 2, 64, 7, 50, 21, 90]
    logits = onnx_logits(folder, ids)[-1].astype(np.float64)
    ours = logits - np.log(np.exp(logits).sum())
    with llama_server(gguf) as address:
        theirs = llama_log_probabilities(address, ids)
    assert len(theirs) == ALTERNATIVES
    # llama.cpp keeps its cache in half precision
    assert max(abs(ours[token] - value) for token, value in theirs.items()) < 0.01
