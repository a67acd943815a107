"""The tokenizer of a folder, without the model: ONNX Runtime GenAI's own.

It only encodes: its decoding drops everything after a byte that is no UTF-8, so `vocabulary` does.
"""

from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.native import Native, og
from sprat.errors import BadWeights, first_line


class Tokenizer:
    """Text to tokens; special tokens in a prompt are recognised, none is added."""

    def __init__(self, folder: Folder) -> None:
        try:
            self._native: Native = og.Tokenizer(og.Config(str(folder.path)))
            self._native.update_options(add_special_tokens="false")
        except Exception as error:  # the native library raises whatever it likes
            raise BadWeights(
                f"{folder.path} has no usable tokenizer: {first_line(error)}.",
                fix="Export it again: sprat models export FILE.gguf --out DIR",
            ) from error

    def encode(self, text: str) -> list[int]:
        """The tokens of a rendered prompt."""
        return [int(token) for token in self._native.encode(text)]
