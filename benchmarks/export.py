"""Sprat's export of a GGUF beside the vendor's: time, memory, size, fidelity, decode speed.

The vendor's way dequantises with transformers and requantises with
`onnxruntime_genai.models.builder`. Both need torch, so they run in an environment of their own,
made on first use in the user's cache folder (about 1.5 GB; delete it freely). The reference for
fidelity is a plain numpy forward pass over the weights as the `gguf` package dequantises them.

usage: python benchmarks/export.py [FILE.gguf …] [--json FILE] [--no-vendor] [--rounds 9]
"""

import argparse
import json
import os
import subprocess
import sys
import time
import venv
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
from platformdirs import user_cache_path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # for tests.models: the reference forward pass

TEXT = (Path(__file__).parent / "export_text.txt").read_text("utf-8")
CACHE = user_cache_path("sprat-benchmarks", appauthor=False)
VENDOR_PACKAGES = (
    "torch==2.13.0", "onnxruntime-genai==0.18.0", "onnxruntime", "onnx", "onnx-ir",
    "transformers", "accelerate", "gguf", "sentencepiece",
)  # fmt: skip
DEFAULTS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
POLL_S = 0.02
PROMPT_TOKENS, DECODE_TOKENS = 40, 64
PATIENCE_S = 1800


def main() -> None:
    options = _options()
    files = options.files or _catalogue_files()
    if not files:
        sys.exit("No GGUF given and none of the catalogue's is here: sprat models pull NAME.")
    vendor = None if options.no_vendor else vendor_python()
    results = [measure(file.absolute(), vendor, options.rounds) for file in files]
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Sprat's export beside the vendor's.")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-vendor", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


def _catalogue_files() -> list[Path]:
    """GGUF files of the built-in models that are on disk."""
    from sprat.models.disk import WEIGHTS, model_folder
    from sprat.settings import load_settings

    settings = load_settings()
    files = [model_folder(settings, name) / WEIGHTS for name in DEFAULTS]
    return [file for file in files if file.is_file()]


def vendor_python() -> Path:
    """The interpreter of the vendor's environment, made if need be."""
    place = CACHE / "vendor-builder"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (place / "complete").exists():
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *VENDOR_PACKAGES], check=True)
        (place / "complete").touch()
    return python


def measure(gguf: Path, vendor: Path | None, rounds: int) -> dict:
    """Everything about one model."""
    with TemporaryDirectory(dir=CACHE if CACHE.exists() else None) as scratch:
        ours, theirs = Path(scratch) / "sprat", Path(scratch) / "vendor"
        code = "import sys; from pathlib import Path; from sprat.models.export import export; "
        code += "print(export(Path(sys.argv[1]), Path(sys.argv[2])).seconds)"
        ways = {"sprat": (ours, run([sys.executable, "-c", code, str(gguf), str(ours)]))}
        if vendor:
            script = Path(__file__).with_name("export_vendor.py")
            command = [str(vendor), str(script), str(gguf), str(theirs), "int4"]
            ways["vendor int4"] = theirs, run(command)
        ids = token_ids(ours)
        reference = reference_logits(gguf, ids)
        rows = [
            {"way": way, **cost, **size(folder), **fidelity(folder, ids, reference)}
            for way, (folder, cost) in ways.items()
        ]
        speeds = decode({way: folder for way, (folder, _) in ways.items()}, rounds)
        rows = [row | speeds[row["way"]] for row in rows]
    return {
        "model": gguf.parent.name if gguf.stem == "weights" else gguf.name,
        "gguf_bytes": gguf.stat().st_size,
        "tokens": len(ids),
        "reference_nll": nll(log_softmax(reference), ids),
        "machine": machine(),
        "rows": rows,
    }


def run(command: list[str]) -> dict[str, float | None]:
    """Run a command; seconds, and the peak of its process tree's resident memory."""
    start = time.perf_counter()
    child = psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peak = 0
    while child.poll() is None and time.perf_counter() - start < PATIENCE_S:
        peak = max(peak, _resident(child))
        time.sleep(POLL_S)
    seconds = time.perf_counter() - start
    if child.poll() != 0:
        child.kill()
        sys.exit(f"This failed: {' '.join(command)}")
    last = child.stdout.read().strip().splitlines()[-1:]
    inner = float(last[0]) if last and last[0].replace(".", "", 1).isdigit() else None
    return {"seconds": seconds, "seconds_beyond_start": inner, "peak_bytes": peak}


def _resident(process: psutil.Process) -> int:
    total = 0
    try:
        for member in (process, *process.children(recursive=True)):
            total += member.memory_info().rss
    except psutil.Error:
        pass  # it ended between the two calls
    return total


def size(folder: Path) -> dict[str, int]:
    return {"bytes": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())}


def genai() -> Any:
    """The native package, which ships no types."""
    return import_module("onnxruntime_genai")


def token_ids(folder: Path) -> list[int]:
    og = genai()
    return [int(i) for i in og.Tokenizer(og.Model(str(folder))).encode(TEXT)]


def reference_logits(gguf: Path, ids: list[int]) -> np.ndarray:
    from tests.models.reference import Reference

    return Reference.load(gguf).logits(ids)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def nll(log_probabilities: np.ndarray, ids: list[int]) -> float:
    """Mean negative log-likelihood of each token given those before it, in nats."""
    return float(-log_probabilities[np.arange(len(ids) - 1), ids[1:]].mean())


def fidelity(folder: Path, ids: list[int], reference: np.ndarray) -> dict[str, float]:
    """How far the exported model's next-token distributions are from the reference's."""
    from tests.models.run_onnx import onnx_logits

    found = onnx_logits(folder, ids)
    exact, here = log_softmax(reference), log_softmax(found)
    return {
        "nll": nll(here, ids),
        "nll_change": nll(here, ids) / nll(exact, ids) - 1,
        "kl": float((np.exp(exact) * (exact - here)).sum(-1).mean()),
        "top1": float((reference.argmax(-1) == found.argmax(-1)).mean()),
    }


def decode(folders: dict[str, Path], rounds: int) -> dict[str, dict[str, float]]:
    """Tokens per second and seconds to the first token, the ways taking turns in ABBA order."""
    og = genai()
    models = {way: og.Model(str(folder)) for way, folder in folders.items()}
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in models}
    for model in models.values():
        _decode_once(model)
    for turn in range(rounds):
        order = list(models) if turn % 2 == 0 else list(reversed(models))
        for way in order:
            found[way].append(_decode_once(models[way]))
    base = found.get("vendor int4") or found["sprat"]
    return {way: _speeds(times, base) for way, times in found.items()}


def _speeds(times: list[tuple[float, float]], base: list[tuple[float, float]]) -> dict[str, float]:
    return {
        "decode_tokens_per_s": median(rate for _, rate in times),
        "decode_best_tokens_per_s": max(rate for _, rate in times),
        "decode_ratio": median(a[1] / b[1] for a, b in zip(times, base, strict=True)),
        "first_token_s": median(first for first, _ in times),
        "first_token_ratio": median(a[0] / b[0] for a, b in zip(times, base, strict=True)),
    }


def _decode_once(model) -> tuple[float, float]:
    og = genai()
    length = PROMPT_TOKENS + DECODE_TOKENS + 1
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=length + 1, min_length=length + 1)
    generator = og.Generator(model, params)
    start = time.perf_counter()
    generator.append_tokens(list(range(1000, 1000 + PROMPT_TOKENS)))
    generator.generate_next_token()
    first = time.perf_counter()
    for _ in range(DECODE_TOKENS):
        generator.generate_next_token()
    return first - start, DECODE_TOKENS / (time.perf_counter() - first)


def machine() -> dict[str, str | int | None]:
    import platform

    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False),
        "load": str(psutil.getloadavg()),
        "date": time.strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text("utf-8").splitlines()
        return next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    import platform

    return platform.processor()


def table(results: list[dict]) -> str:
    head = (
        "| model | way | s | peak MB | MB | NLL | ΔNLL | KL | top-1 | tok/s | ratio | TTFT ratio |"
    )
    rows = [_line(result["model"], row) for result in results for row in result["rows"]]
    return "\n".join([head, "|" + "---|" * 12, *rows])


def _line(model: str, row: dict) -> str:
    return (
        f"| {model} | {row['way']} | {row['seconds']:.1f} "
        f"| {row['peak_bytes'] / 1e6:,.0f} | {row['bytes'] / 1e6:,.0f} | {row['nll']:.4f} "
        f"| {row['nll_change']:+.2%} | {row['kl']:.4f} | {row['top1']:.3f} "
        f"| {row['decode_tokens_per_s']:.1f} | {row['decode_ratio']:.2f} "
        f"| {row['first_token_ratio']:.2f} |"
    )


if __name__ == "__main__":
    main()
