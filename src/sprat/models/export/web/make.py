"""Draws the graphs of one model, one after the other, and has each sing its canary."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sprat.models.export.arch import Shape
from sprat.models.export.store import Store
from sprat.models.export.web import JOINED, WIDE_BYTES, Plan
from sprat.models.export.web.canary import Choice, canary, choose, exact
from sprat.models.export.web.graph import draw, draw_int8
from sprat.models.export.web.manifest import Canary, Variant, entry
from sprat.models.export.web.rehearsal import EXACT, FAST, rehearsed
from sprat.models.export.web.smooth import sites, smoothed
from sprat.models.export.web.song import Singer
from sprat.models.export.web.texts import Texts
from sprat.models.export.weights import Weights
from sprat.models.gguf import Gguf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto

    from sprat.models.export import Progress


class Maker:
    """Writes below `folder`, where the tokenizer already is."""

    def __init__(self, gguf: Gguf, shape: Shape, folder: Path) -> None:
        self._gguf, self._shape, self._folder = gguf, shape, folder
        self._wide = gguf.path.stat().st_size <= WIDE_BYTES
        self._texts = Texts(folder, shape.context_tokens)
        self._exact: Path | None = None

    def draw(self, plan: Plan, progress: "Progress | None") -> None:
        """Write the graph and its weights."""
        file = self._folder / plan.model
        with Store(file.with_name(f"{file.name}_data"), half=plan.half) as store:
            weights = Weights(self._gguf, store, JOINED, progress, wide=self._wide)
            model = self._drawn(plan, weights, store)
            store.flush_to_disk()
        file.write_bytes(model.SerializeToString())
        self._exact = self._exact or file

    def _drawn(self, plan: Plan, weights: Weights, store: Store) -> "ModelProto":
        if not plan.int8:
            return draw(self._shape, weights, store)
        smooth = smoothed(self._shape, weights, self._maxima())
        return draw_int8(self._shape, weights, store, smooth)

    def _maxima(self) -> "dict[str, NDArray[np.float32]]":
        """How large every channel becomes, by the exact graph that was drawn first."""
        assert self._exact is not None  # noqa: S101 (`PLANS` begins with it)
        with rehearsed(self._exact, self._shape, FAST, sites(self._shape)) as stage:
            return stage.maxima(self._texts.sample)

    def variants(self, plans: Sequence[Plan], ends: frozenset[int]) -> list[Variant]:
        """Every graph with its canary; the half-precision one is judged by the exact one's."""
        int8 = next(plan for plan in plans if plan.int8)
        singer = Singer(self._folder / int8.model, self._shape)
        guess = choose(singer, self._texts.prompts, int8.tolerance, ends)
        first = self._first(guess, singer)
        songs = {plan.id: guess if plan.int8 else first for plan in plans}
        return [self._variant(plan, canary(songs[plan.id], plan.tolerance)) for plan in plans]

    def _first(self, guess: Choice, singer: Singer) -> Choice:
        assert self._exact is not None  # noqa: S101 (`draw` came before)
        with rehearsed(self._exact, self._shape, EXACT) as stage:
            return exact(stage, guess, singer)

    def _variant(self, plan: Plan, found: Canary) -> Variant:
        return Variant(
            id=plan.id,
            backend="wasm" if plan.int8 else "webgpu",
            needs=("shader-f16",) if plan.half else (),
            model=entry(self._folder, plan.model),
            data=(entry(self._folder, f"{plan.model}_data"),),
            cache="float16" if plan.half else "float32",
            canary=found,
        )
