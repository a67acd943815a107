"""Text to vectors: Sprat's worker beside ONNX Runtime called directly in this process.

Both sides read the same two files, turn the same texts into vectors and take turns, round by round.
`direct 1` gives the model one text at a time, `direct 32` 32 texts padded to the longest, as
sentence-transformers does by default. Sprat's side has more to do: a pipe, and steps small enough
that a call can be cancelled. `after cancel` is what a short call takes that follows a cancelled one
of hundreds of long texts: the step under way is in it.

Run: python benchmarks/embeddings.py [--rounds 5] [--threads 1,2] [--json FILE]
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import psutil
from tokenizers import Tokenizer

from sprat.engines.embedding import OnnxEmbedder
from sprat.models.catalog import catalog
from sprat.models.ready import ensure
from sprat.settings import load_settings

NAME = "all-minilm-l6-v2"
KINDS = {"short": (20, 64), "long": (200, 16)}
"""Tokens of a text, and how many texts a round has."""
WORDS = ["rain", "harbour", "ship", "wind", "road", "river", "bread", "music", "letter", "paper"]

Side = Callable[[list[str]], Awaitable[Sequence[bytes] | np.ndarray]]


class Direct:
    """ONNX Runtime and the tokenizer, called as the model card does."""

    def __init__(self, folder: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(256)
        self._tokenizer.enable_padding()

    def side(self, batch: int) -> Side:
        """The same, so many texts at a time."""

        async def embed(texts: list[str]) -> np.ndarray:
            starts = range(0, len(texts), batch)
            return np.concatenate([self._batch(texts[at : at + batch]) for at in starts])

        return embed

    def _batch(self, texts: list[str]) -> np.ndarray:
        read = self._tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in read], np.int64)
        mask = np.array([one.attention_mask for one in read], np.int64)
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": ids * 0}
        hidden = np.asarray(self._session.run(None, feeds)[0], np.float32)
        weights = mask[:, :, None].astype(np.float32)
        means = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def make_texts(kind: str, seed: int) -> list[str]:
    """Texts of exactly as many tokens: each word is one, and the tokenizer adds two."""
    tokens, count = KINDS[kind]
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=tokens - 2)) for _ in range(count)]


async def measure(folder: Path, threads: int, rounds: int) -> dict[str, Any]:
    started = time.perf_counter()
    direct = Direct(folder, threads)
    direct_load_s = time.perf_counter() - started
    embedder = OnnxEmbedder(NAME, folder, threads=threads)
    try:
        load = await embedder.warm()

        async def ours(texts: list[str]) -> Sequence[bytes]:
            return (await embedder.embed(texts)).vectors

        sides = {"sprat": ours, "direct 1": direct.side(1), "direct 32": direct.side(32)}
        speeds = {kind: await race(kind, sides, rounds) for kind in KINDS}
        alone_s, after_s = await cancelling(embedder)
        return {
            "threads": threads,
            "load_s": load.load_s,
            "direct_load_s": direct_load_s,
            "texts_per_s": speeds,
            "short_call_ms": alone_s * 1e3,
            "after_cancel_ms": after_s * 1e3,
            "worker_peak_rss_mb": peak_rss_bytes(embedder.pids[0]) / 1e6,
        }
    finally:
        await embedder.aclose()


async def race(kind: str, sides: dict[str, Side], rounds: int) -> dict[str, float]:
    """Texts per second of each side: the median over rounds, the sides in turn in each."""
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(rounds + 1):
        texts = make_texts(kind, number)
        for side, embed in sides.items():
            started = time.perf_counter()
            await embed(texts)
            if number:  # the first round only warms up
                taken[side].append(time.perf_counter() - started)
    return {side: KINDS[kind][1] / statistics.median(times) for side, times in taken.items()}


async def cancelling(embedder: OnnxEmbedder) -> tuple[float, float]:
    """Seconds of a short call: alone (median), and right after a long one was cancelled (worst)."""
    alone, after = [await timed(embedder) for _ in range(10)], list[float]()
    for number in range(10):
        held = asyncio.ensure_future(embedder.embed(make_texts("long", number) * 20))
        await asyncio.sleep(0.3 + number / 50)
        held.cancel()
        after.append(await timed(embedder))
        await asyncio.gather(held, return_exceptions=True)
    return statistics.median(alone), max(after)


async def timed(embedder: OnnxEmbedder) -> float:
    started = time.perf_counter()
    await embedder.embed(["a short text"])
    return time.perf_counter() - started


def peak_rss_bytes(pid: int) -> int:
    """The worker's peak resident memory where the system tells it, else what it holds now."""
    status = Path(f"/proc/{pid}/status")
    if status.is_file():
        line = next(li for li in status.read_text().splitlines() if li.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return psutil.Process(pid).memory_info().rss


def show(found: dict[str, Any]) -> None:
    print(
        f"\n{found['threads']} thread(s): load {found['load_s']:.2f} s "
        f"(direct {found['direct_load_s']:.2f} s), "
        f"worker's peak RSS {found['worker_peak_rss_mb']:.0f} MB, "
        f"short call {found['short_call_ms']:.1f} ms, "
        f"after cancel {found['after_cancel_ms']:.0f} ms"
    )
    for kind, speeds in found["texts_per_s"].items():
        best = max(speed for side, speed in speeds.items() if side != "sprat")
        cells = ", ".join(f"{side} {speed:.1f}" for side, speed in speeds.items())
        ratio = f"Sprat / best direct: {speeds['sprat'] / best:.2f}"
        print(f"  {kind} ({KINDS[kind][0]} tokens), texts/s: {cells}; {ratio}")


async def main() -> None:
    parser = argparse.ArgumentParser(description="Text to vectors, ours beside ONNX Runtime alone.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    folder = ensure(catalog()[NAME], load_settings()).folder
    found = [await measure(folder, int(n), given.rounds) for n in given.threads.split(",")]
    for one in found:
        show(one)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
