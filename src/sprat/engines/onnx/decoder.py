"""The decoder graph on ONNX Runtime: tokens in, logits out, the cache updated in place.

Why not the `Generator` and `Engine` of ONNX Runtime GenAI: docs/decisions/own-decode-loop.md.
"""

import numpy as np

from sprat.engines.onnx.cache import DType, KeyValueCache
from sprat.engines.onnx.device_cache import DeviceCache
from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.graph import COUNT, KEEP, pad_widths
from sprat.engines.onnx.native import Floats, Ints, Native, og, ort
from sprat.engines.onnx.predicted import MOST_READ
from sprat.engines.onnx.session import open_session
from sprat.errors import BadWeights

_DTYPES: dict[str, DType] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
}


_TRIED_TOKENS = MOST_READ + 1
"""As many as are ever computed at once while decoding: a token and the most guesses."""
_QUERIES = 32
"""ONNX Runtime's attention takes queries in blocks of a multiple of this; a block's only one is
rounded otherwise. Source: `GQAAttentionBase`, `q_block_size`: twice the head size, or less."""
_FEW_TOKENS = 6
_BEFORE_TOKENS = 13


class Stop:
    """Ends one run early, from another thread; once that run is over it does nothing."""

    def __init__(self) -> None:
        self.options: Native = ort.RunOptions()
        self.wanted = False

    def __call__(self) -> None:
        """End the run: within one operator of the graph."""
        self.wanted = True
        self.options.terminate = True


class Stopped(Exception):
    """A run ended early; the cache rows are as they were, but for what lay behind them."""


class Decoder:
    """Runs the graph over rows of the cache."""

    def __init__(self, folder: Folder, provider: str, threads: int, *, exact: bool = False) -> None:
        """`exact`: the processor multiplies in floats, as all other providers do."""
        self._names = folder.names
        self.opened = open_session(folder, provider, threads, exact=exact)
        """What computes, and on what."""
        self._session: Native = self.opened.session
        inputs = {i.name: i.type for i in self._session.get_inputs()}
        outputs = {o.name: o.type for o in self._session.get_outputs()}
        self._has_positions = folder.names.position_ids in inputs
        self._keeps = KEEP in inputs
        self._pads = pad_widths(list(inputs))
        self._vocab = folder.vocab
        self._past = _layer_names(
            folder, folder.names.past_key_names, folder.names.past_value_names
        )
        self._present = _layer_names(
            folder, folder.names.present_key_names, folder.names.present_value_names
        )
        _refuse_other_graphs(folder, {folder.names.input_ids, *self._past} - inputs.keys())
        _refuse_other_graphs(folder, {folder.names.logits, *self._present} - outputs.keys())
        self._logits_dtype = _DTYPES[outputs[folder.names.logits]]
        self.most_tokens = self.opened.most_tokens
        """What a prompt may be cut into."""
        self.cache = _cache(self._session, folder, _DTYPES[inputs[self._past[0]]])
        self._binding: Native = self._session.io_binding()

    def check_exact(self) -> bool:
        """Whether a token's logits have the same bits alone and among others, tried out here.

        It depends on the kernels that this processor gets, so it is measured, not assumed.
        """
        if not self._pads:
            return False
        self.cache.reserve(1, _BEFORE_TOKENS + _TRIED_TOKENS + 2, 0)
        tokens = np.arange(_BEFORE_TOKENS + _TRIED_TOKENS)[None] % self._vocab
        read, guessed = tokens[:, :_BEFORE_TOKENS], tokens[:, _BEFORE_TOKENS:]
        self.run(read, [0], 0)
        many = self.run(guessed, [_BEFORE_TOKENS], 0, keep=_TRIED_TOKENS)[0]
        few = self.run(guessed[:, :_FEW_TOKENS], [_BEFORE_TOKENS], 0, keep=_FEW_TOKENS)[0]
        # backwards: a pad overwrites the token that follows
        places = (_TRIED_TOKENS - 1, _FEW_TOKENS, 0)
        alone = [self.run(guessed[:, i : i + 1], [_BEFORE_TOKENS + i], 0)[0, 0] for i in places]
        return np.array_equal(many[:_FEW_TOKENS], few) and all(
            np.array_equal(many[i], one) for i, one in zip(places, alone, strict=True)
        )

    def run(
        self,
        tokens: Ints,
        pasts: list[int],
        first_row: int,
        keep: int = 1,
        *,
        stop: Stop | None = None,
    ) -> Floats:
        """Append `tokens` [rows, n] to the cache rows from `first_row` on.

        `pasts` holds each row's tokens before this call. The cache must have room for them and
        one more already.

        Returns:
            float32 logits [rows, keep, vocab] of the last `keep` positions.

        Raises:
            Stopped: `stop` was called.
        """
        rows, count = tokens.shape
        self.cache.bind(self._binding, self._past, self._present, first_row, rows)
        inputs = self._inputs(tokens, pasts, keep)
        for name, array in inputs.items():
            self._binding.bind_cpu_input(name, array)
        kept = keep if self._keeps else count
        logits = np.empty((rows, kept, self._vocab), self._logits_dtype)
        self._binding.bind_output(
            self._names.logits, "cpu", 0, logits.dtype, logits.shape, logits.ctypes.data
        )
        self._compute(stop or Stop())
        return logits[:, -keep:].astype(np.float32, copy=False)

    def _compute(self, stop: Stop) -> None:
        """Run the graph; other Python threads go on meanwhile."""
        try:
            self._session.run_with_iobinding(self._binding, stop.options)
        except Exception as error:  # the native library raises whatever it likes
            if stop.wanted:
                raise Stopped from error
            raise

    def _inputs(self, tokens: Ints, pasts: list[int], keep: int) -> dict[str, Floats | Ints]:
        rows, count = tokens.shape
        past = np.array(pasts, np.int64)[:, None]
        pad = int(bool(self._pads) and rows == 1 and count % _QUERIES == 1)
        total = int(past.max()) + count + pad
        mask = np.asarray(np.arange(total) < past + count + pad, np.int64)
        inputs: dict[str, Floats | Ints] = {
            self._names.input_ids: np.ascontiguousarray(tokens, np.int64),
            self._names.attention_mask: mask,
        }
        if self._has_positions:
            inputs[self._names.position_ids] = past + np.arange(count)
        if self._keeps:
            inputs[KEEP] = np.array([-keep], np.int64)
        if self._pads:
            inputs[COUNT] = np.array([count], np.int64)
        for name, width in self._pads.items():
            inputs[name] = np.zeros((rows, pad, width), self.cache.dtype)
        return inputs


def _cache(session: Native, folder: Folder, dtype: DType) -> KeyValueCache | DeviceCache:
    """Where the session wants the past: in the machine's memory, or in a card's."""
    names = [i.name for i in session.get_inputs()]
    place = session.get_input_memory_infos()[names.index(folder.names.past_key_names % 0)]
    if place.name.lower() == "cpu":
        return KeyValueCache(folder.layers, folder.kv_heads, folder.head_size, dtype)
    return DeviceCache(session, place, folder, dtype)


def _layer_names(folder: Folder, keys: str, values: str) -> list[str]:
    return [name % layer for layer in range(folder.layers) for name in (keys, values)]


def quiet() -> None:
    """Keep the runtime from printing warnings and from sending telemetry."""
    ort.set_default_logger_severity(3)
    ort.disable_telemetry_events()
    og.disable_telemetry_events()


def _refuse_other_graphs(folder: Folder, missing: set[str]) -> None:
    if missing:
        some = ", ".join(sorted(missing)[:3])
        raise BadWeights(
            f"{folder.graph} is no decoder with a cache as genai_config.json describes it: "
            f"it has no {some}.",
            fix="Export it again: sprat models export FILE.gguf --out DIR",
        )
