"""The model itself: a tokenizer and a graph; loaded only inside the worker."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sprat.engines.pool import share_processor
from sprat.errors import BadWeights, first_line

Native = Any
"""An object that a native package made."""
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

CONTEXT_TOKENS = 256
"""Word pieces that the model reads, [CLS] and [SEP] among them. Source: "max_seq_length" in
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (sentence_bert_config.json)."""

ort: Native = import_module("onnxruntime")
tokenizers: Native = import_module("tokenizers")


class Model:
    """Text to tokens, tokens to vectors of length 1."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Load both files.

        Raises:
            BadWeights: one is not there, or not what it should be.
        """
        ort.set_default_logger_severity(3)
        ort.disable_telemetry_events()
        try:
            self._tokenizer: Native = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session = _open(folder / "model.onnx", threads)
        except Exception as error:  # the native libraries raise whatever they like
            raise BadWeights(
                f"{folder} holds no embedding model that can be loaded: {first_line(error)}",
                fix=f"Fetch it again: sprat models remove {folder.name}, then pull it.",
            ) from error
        self._tokenizer.no_truncation()  # what is too long is refused, not cut
        self._tokenizer.no_padding()
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._added = len(self._tokenizer.encode("").ids)
        self.dimensions = int(self._session.get_outputs()[0].shape[-1])

    def tokens(self, text: str) -> list[int]:
        """The word pieces of `text` and the marks at its ends; empty when it has no word piece."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids if len(ids) > self._added else []

    def vectors(self, rows: Sequence[Sequence[int]]) -> list[bytes]:
        """One vector per row: the mean over its tokens, divided by its length.

        Source: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 ("mean_pooling").
        """
        ids, mask = _padded(rows)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        feeds = {name: given[name] for name in self._inputs}
        hidden: Floats = self._session.run(None, feeds)[0]
        sums: Floats = (hidden * mask[:, :, None].astype(np.float32)).sum(axis=1)
        means = sums / mask.sum(axis=1, keepdims=True).astype(np.float32)
        unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        return [row.astype("<f4").tobytes() for row in unit]


def _open(graph: Path, threads: int) -> Native:
    options: Native = ort.SessionOptions()
    share_processor(options, threads)
    options.log_severity_level = 3
    return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Token numbers and what of them is text, as rectangles."""
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = np.zeros_like(ids)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
        mask[at, : len(row)] = 1
    return ids, mask
