"""GGUF → a folder for browsers: three graphs of one model, and a manifest that vouches for them.

The layout is transformers.js's, so that it runs the folder too: docs/page-weights.md.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sprat.models.disk import becoming, sha256_of

if TYPE_CHECKING:
    from sprat.models.export import Progress
    from sprat.models.export.arch import Shape
    from sprat.models.export.web.manifest import Manifest, Variant, VariantId
    from sprat.models.gguf import Gguf

RECIPE = "web3"
"""Changes whenever the files produced would differ."""

JOINED = 32
"""Weights in a block at least: what graphics cards have their fastest kernels for."""


class Plan(msgspec.Struct, frozen=True):
    """One graph to write."""

    id: "VariantId"
    model: str
    tolerance: float
    """Of the canary's logits: see docs/page-weights.md."""
    half: bool = False
    int8: bool = False


PLANS = (
    Plan("webgpu-f32", "onnx/model_q4.onnx", 0.02),
    Plan("webgpu-f16", "onnx/model_q4f16.onnx", 1.0, half=True),
    Plan("wasm-int8", "onnx/model_quantized.onnx", 0.1, int8=True),
)
"""The exact one first: the others are made with its help."""
WIDE_BYTES = 600 << 20
"""Weights up to this size have four-bit blocks with a minimum widened to eight: half as much again
to download, and on a graphics card 1.6 times as fast, because their products are half as many."""
GROWTH = 4.5  # two times four bits, widened perhaps, with their scales, and 8 bits once
NO_HALF = frozenset({"gemma3"})
"""Architectures whose activations outgrow half precision."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest says of the weights and the GGUF does not."""

    name: str
    title: str
    licence: str | None = None
    sha256: str | None = None
    """Of the GGUF; None: it is computed."""


class ExportedWeb(msgspec.Struct, frozen=True, kw_only=True):
    """What an export for the web made."""

    folder: Path
    recipe: str
    architecture: str
    bytes: int
    """Of all files in the folder."""
    seconds: float
    variants: dict[str, int]
    """The bytes that a page downloads for each."""


def export_web(
    gguf: Path, out: Path, about: About, *, progress: "Progress | None" = None
) -> ExportedWeb:
    """Write the folder `out`, which must not exist, from the file `gguf`.

    It takes its name at the very end, so that a folder of that name is always whole. `progress` is
    given bytes done and bytes in all.

    Raises:
        BadWeights: no GGUF, truncated or contradictory.
        UnsupportedModel: an architecture, tensor type or tokenizer that is not exported.
        DiskFull: too little room for the result.
    """
    from sprat.models.export import check_room, explain
    from sprat.models.gguf import Gguf

    start = time.perf_counter()
    with Gguf(gguf) as opened:
        check_room(opened, out, GROWTH)
        try:
            with becoming(out) as part:
                (part / "onnx").mkdir()
                manifest = _write(opened, part, about, progress)
        except OSError as error:
            raise explain(error, out) from error
    return _report(manifest, out, time.perf_counter() - start)


def _write(gguf: "Gguf", folder: Path, about: About, progress: "Progress | None") -> "Manifest":
    from sprat.models.export.arch import read_shape
    from sprat.models.export.checks import check_tensors
    from sprat.models.export.web.manifest import Manifest, entry, write_manifest
    from sprat.models.export.web.package import FILES, write_package

    shape = read_shape(gguf)
    check_tensors(gguf, shape)
    ends = write_package(folder, gguf.metadata, shape)
    variants = _variants(gguf, shape, folder, frozenset(ends), progress)
    manifest = Manifest(
        name=about.name,
        title=about.title,
        licence=about.licence or "unknown",
        architecture=shape.architecture,
        sha256=about.sha256 or sha256_of(gguf.path),
        context_tokens=shape.context_tokens,
        layers=len(shape.layers),
        kv_heads=shape.kv_heads,
        head_size=shape.head_size,
        vocabulary=shape.vocabulary,
        ends=ends,
        files=tuple(entry(folder, name) for name in FILES),
        variants=tuple(variants),
    )
    write_manifest(folder, manifest)
    return manifest


def _variants(
    gguf: "Gguf",
    shape: "Shape",
    folder: Path,
    ends: frozenset[int],
    progress: "Progress | None",
) -> "list[Variant]":
    """Write every graph; the half-precision one is judged by the canary of the exact one."""
    from sprat.models.export.web.make import Maker

    plans = [plan for plan in PLANS if not (plan.half and shape.architecture in NO_HALF)]
    maker = Maker(gguf, shape, folder)
    for index, plan in enumerate(plans):
        maker.draw(plan, _part(progress, index, len(plans)))
    return maker.variants(plans, ends)


def _part(progress: "Progress | None", index: int, of: int) -> "Progress | None":
    if progress is None:
        return None
    return lambda done, total: progress(index * total + done, of * total)


def _report(manifest: "Manifest", folder: Path, seconds: float) -> ExportedWeb:
    return ExportedWeb(
        folder=folder,
        recipe=RECIPE,
        architecture=manifest.architecture,
        bytes=sum(file.bytes for file in manifest.all_files),
        seconds=seconds,
        variants={variant.id: variant.bytes for variant in manifest.variants},
    )
