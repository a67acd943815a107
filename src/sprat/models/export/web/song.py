"""What a graph for the web answers, computed by native ONNX Runtime on the processor."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sprat.models.export.arch import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


Native = Any
"""An object that a native package made."""


def opened(model: Path) -> Native:
    """A graph in native ONNX Runtime, on the processor."""
    ort: Native = import_module("onnxruntime")
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, ["CPUExecutionProvider"])


class Song(msgspec.Struct, frozen=True):
    """A greedy continuation."""

    tokens: tuple[int, ...]
    first: "Floats"
    """Logits after the prompt: [vocabulary]."""
    margin: float
    """The least difference between the best and the second logit, over all tokens."""


class Singer:
    """One graph with its cache; each call goes on where the last one ended."""

    def __init__(self, model: Path, shape: Shape) -> None:
        self._session = opened(model)
        self._names = [f"{i}.{part}" for i in range(len(shape.layers)) for part in ("key", "value")]
        self._cache_shape = (1, shape.kv_heads, 0, shape.head_size)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        import numpy as np

        kind = self._session.get_inputs()[-1].type
        half = kind == "tensor(float16)"
        empty = np.zeros(self._cache_shape, np.float16 if half else np.float32)
        self._cache: dict[str, Any] = dict.fromkeys(self._names, empty)
        self._tokens = 0

    def hear(self, tokens: list[int]) -> "Floats":
        """Read tokens; the logits [vocabulary] of what comes next."""
        import numpy as np

        self._tokens += len(tokens)
        feeds = {f"past_key_values.{name}": value for name, value in self._cache.items()}
        feeds["input_ids"] = np.array([tokens], np.int64)
        feeds["attention_mask"] = np.ones((1, self._tokens), np.int64)
        outputs: list[Any] = self._session.run(
            ["logits", *(f"present.{name}" for name in self._names)], feeds
        )
        self._cache = dict(zip(self._names, outputs[1:], strict=True))
        return outputs[0][0, -1]

    def sing(self, prompt: list[int], count: int) -> Song:
        """The greedy continuation of a prompt by so many tokens, whatever they are."""
        self.forget()
        first = logits = self.hear(prompt)
        tokens: list[int] = []
        margins: list[float] = []
        while True:
            best = int(logits.argmax())
            tokens.append(best)
            margins.append(margin(logits))
            if len(tokens) == count:
                return Song(tuple(tokens), first, min(margins))
            logits = self.hear([best])


def margin(logits: "Floats") -> float:
    """By how much the best is better than the second."""
    import numpy as np

    second, best = np.partition(logits, -2)[-2:]
    return float(best - second)
