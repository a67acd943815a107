"""GGUF → a folder that ONNX Runtime GenAI, Foundry Local and the browser can run; no torch.

The weights keep the quantisation that the GGUF has: see docs/decisions/export.md.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sprat.errors import DiskFull, ModelError
from sprat.models.disk import becoming, free_bytes, nearest_existing

if TYPE_CHECKING:
    from sprat.models.gguf import Gguf

RECIPE = "5"
"""Changes whenever the files produced would differ."""

ACCURACY_LEVEL = 4
"""Of `MatMulNBits`: 4 multiplies 8-bit activations (fast); 0 is single precision (parity)."""

MODEL_FILE, DATA_FILE = "model.onnx", "model.onnx.data"
GROWTH = 2.0  # at most: four-bit blocks grow by their single-precision scales, five bits become 8
SPARE_BYTES = 64 << 20

Progress = Callable[[int, int], None]


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What an export made."""

    folder: Path
    recipe: str
    architecture: str
    bytes: int
    """Of all files in the folder."""
    seconds: float
    context_length: int
    vocabulary: int
    layers: int
    tensor_types: tuple[str, ...]
    """The kinds of quantisation found in the GGUF, most bytes first."""
    accuracy_level: int


def export(
    gguf: Path,
    out: Path,
    *,
    progress: Progress | None = None,
    accuracy_level: int = ACCURACY_LEVEL,
) -> Exported:
    """Write the folder `out`, which must not exist, from the file `gguf`.

    All is written to a sibling folder that takes the name `out` at the very end, so that a folder
    of that name is always whole. `progress` is given bytes done and bytes in all.

    Raises:
        BadWeights: no GGUF, truncated or contradictory.
        UnsupportedModel: an architecture, tensor type or tokenizer that is not exported.
        DiskFull: too little room for the result.
    """
    from sprat.models.gguf import Gguf

    start = time.perf_counter()
    with Gguf(gguf) as opened:
        check_room(opened, out, GROWTH)
        try:
            with becoming(out) as part:
                made = _write(opened, part, progress, accuracy_level)
        except OSError as error:
            raise explain(error, out) from error
    return msgspec.structs.replace(made, folder=out, seconds=time.perf_counter() - start)


def _write(gguf: "Gguf", folder: Path, progress: Progress | None, accuracy: int) -> Exported:
    from sprat.models.export.arch import read_shape
    from sprat.models.export.checks import check_tensors
    from sprat.models.export.graph import draw
    from sprat.models.export.package import write_package
    from sprat.models.export.packing import largest_block
    from sprat.models.export.store import Store
    from sprat.models.export.weights import Weights

    shape = read_shape(gguf)
    check_tensors(gguf, shape)
    write_package(folder, gguf.metadata, shape, MODEL_FILE)
    with Store(folder / DATA_FILE) as store:
        most = largest_block(shape.hidden, accuracy)
        weights = Weights(gguf, store, most, progress)
        model = draw(shape, weights, accuracy)
        store.flush_to_disk()
    (folder / MODEL_FILE).write_bytes(model.SerializeToString())
    return Exported(
        folder=folder,
        recipe=RECIPE,
        architecture=shape.architecture,
        bytes=sum(file.stat().st_size for file in folder.iterdir()),
        seconds=0.0,
        context_length=shape.context_tokens,
        vocabulary=shape.vocabulary,
        layers=len(shape.layers),
        tensor_types=_types(gguf),
        accuracy_level=accuracy,
    )


def _types(gguf: "Gguf") -> tuple[str, ...]:
    sizes: dict[str, int] = {}
    for tensor in gguf.tensors.values():
        sizes[tensor.type] = sizes.get(tensor.type, 0) + tensor.size_bytes
    return tuple(sorted(sizes, key=lambda kind: -sizes[kind]))


def check_room(gguf: "Gguf", out: Path, growth: float) -> None:
    """Check the free space for a result of `growth` times the weights.

    Raises:
        DiskFull: with what is needed and what is free.
    """
    place = nearest_existing(out.absolute().parent)
    free = free_bytes(place)
    needed = int(gguf.path.stat().st_size * growth) + SPARE_BYTES
    if free < needed:
        raise DiskFull(
            f"{free / 1e6:,.0f} MB are free in {place}, and the export of {gguf.path.name} needs "
            f"up to {needed / 1e6:,.0f} MB.",
            fix="Free some space, or take a larger disk: --out, or SPRAT_HOME.",
        )


def explain(error: OSError, out: Path) -> Exception:
    """What the system refused while writing `out`, as a person can use it."""
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk filled up while writing {out}.", fix="Free some space.")
    if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
        return ModelError(f"{out} exists already.", fix="Remove it, or choose another folder.")
    return error
