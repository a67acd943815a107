"""The graphs for browsers beside the GGUF that they come from: seconds, memory, sizes, fidelity.

The reference is a plain numpy forward pass over the weights as the `gguf` package dequantises them.
Every graph is run by native ONNX Runtime on the processor, at all positions of a text at once.

usage: python benchmarks/page_weights.py [FILE.gguf …] [--json FILE]
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from export import TEXT, _catalogue_files, log_softmax, machine, nll, reference_logits, run
from tokenizers import Tokenizer

from sprat.models.export.arch import read_shape
from sprat.models.export.web.manifest import Variant, read_manifest
from sprat.models.export.web.rehearsal import EXACT, rehearsed
from sprat.models.gguf import Gguf

EXPORT = """
import sys
from pathlib import Path
from sprat.models.export.web import About, export_web
gguf, out, name = sys.argv[1:]
print(export_web(Path(gguf), Path(out), About(name=name, title=name)).seconds)
"""
HALF = "webgpu-f16"  # the processor has no kernels of its own for it


def main() -> None:
    parser = argparse.ArgumentParser(description="The graphs for browsers beside their GGUF.")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = [measure(file) for file in options.files or _catalogue_files()]
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


def measure(gguf: Path) -> dict:
    """Everything about one model."""
    name = gguf.parent.name if gguf.stem == "weights" else gguf.stem
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "web"
        cost = run([sys.executable, "-c", EXPORT, str(gguf), str(folder), name])
        manifest = read_manifest(folder)
        ids = token_ids(folder)
        reference = reference_logits(gguf, ids)
        rows = [row(gguf, folder, variant, ids, reference) for variant in manifest.variants]
    return {
        "model": name,
        "seconds": cost["seconds_beyond_start"],
        "peak_bytes": cost["peak_bytes"],
        "tokens": len(ids),
        "reference_nll": nll(log_softmax(reference), ids),
        "machine": machine(),
        "rows": rows,
    }


def token_ids(folder: Path) -> list[int]:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return tokenizer.encode(TEXT, add_special_tokens=False).ids


def row(gguf: Path, folder: Path, variant: Variant, ids: list[int], reference: np.ndarray) -> dict:
    size = {"variant": variant.id, "bytes": variant.bytes}
    return size if variant.id == HALF else size | fidelity(gguf, folder, variant, ids, reference)


def fidelity(
    gguf: Path, folder: Path, variant: Variant, ids: list[int], reference: np.ndarray
) -> dict[str, float]:
    """How far the graph's next-token distributions are from the reference's."""
    with Gguf(gguf) as opened:
        shape = read_shape(opened)
    with rehearsed(folder / variant.model.name, shape, EXACT) as stage:
        found = stage.logits(ids)
    exact, here = log_softmax(reference), log_softmax(found)
    return {
        "nll": nll(here, ids),
        "kl": float((np.exp(exact) * (exact - here)).sum(-1).mean()),
        "top1": float((reference.argmax(-1) == found.argmax(-1)).mean()),
    }


def table(results: list[dict]) -> str:
    head = "| model | s | peak GB | graph | MB | NLL | KL | top-1 |"
    rows = [_line(result, row) for result in results for row in result["rows"]]
    return "\n".join([head, "|" + "---|" * 8, *rows])


def _line(result: dict, row: dict) -> str:
    cost = f"{result['seconds']:.1f} | {result['peak_bytes'] / 1e9:.1f}"
    start = f"| {result['model']} | {cost} | {row['variant']} "
    if "kl" not in row:
        return f"{start}| {row['bytes'] / 1e6:,.0f} | | | |"
    return (
        f"{start}| {row['bytes'] / 1e6:,.0f} "
        f"| {row['nll']:.4f} | {row['kl']:.4f} | {row['top1']:.3f} |"
    )


if __name__ == "__main__":
    main()
