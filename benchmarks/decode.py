"""Sprat's local engine beside llama.cpp's server: the same GGUF, threads, prompts, and stopwatch.

Both are asked through Sprat's engines, so one pair of hands stamps both: first token = first piece
that reached the caller; decode = tokens after the first / (last piece - first piece); four at once
= all tokens / (last done - first sent). Turns alternate (ABBA), and what counts is the ratio within
a round: on a shared machine single numbers drift together. Greedy; every prompt begins with a nonce
of its own, so that neither side answers from a cache.

Run: python benchmarks/decode.py [--models smollm2-135m qwen2.5-coder-0.5b] [--rounds 6] [--json F]
"""

import argparse
import asyncio
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from sprat.door import open_engine
from sprat.engines import Engine, ask
from sprat.settings import Endpoint, OnnxSettings, Settings, load_settings
from sprat.types import ChatRequest, Message, Reply

SERVER = Path(__file__).parents[1] / "tests" / "engines" / "llama_server.py"
PASSAGE = (
    "The harbour of Eastwick was built in 1872 by Mary Holm, who sold her father's ships to pay "
    "for it. Its two walls, 310 and 275 metres long, keep the north wind from the boats. In winter "
    "forty families lived from herring; in summer they let their rooms to painters from the city."
)
FREE = (
    "Explain how a bicycle stays upright.",
    "Write a short story about a lighthouse keeper.",
    "What should one know before keeping bees?",
    "Describe the water cycle to a ten-year-old.",
    "Give advice to someone who starts to learn the piano.",
    "Why do leaves change their colour in autumn?",
)
COPY = f"Repeat the following text word for word, and nothing else:\n\n{PASSAGE}"


def chat(text: str, tokens: int, nonce: int) -> ChatRequest:
    system = Message("system", f"[{nonce:06d}] You are a helpful assistant.")
    return ChatRequest(messages=(system, Message("user", text)), max_tokens=tokens)


# ---- one turn -----------------------------------------------------------------------------------


class Nonces:
    """A number that no prompt had before."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        """It."""
        self.last += 1
        return self.last * 7919 % 1_000_000


async def alone(engine: Engine, texts: list[str], tokens: int, nonces: Nonces) -> dict[str, float]:
    replies = [await ask(engine, chat(text, tokens, nonces.next())) for text in texts]
    return {
        "first_s": statistics.median(reply.timing.ttft_s or 0 for reply in replies),
        "tokens_per_s": sum(reply.usage.output_tokens - 1 for reply in replies)
        / sum(reply.timing.decode_s or 0 for reply in replies),
        "input_tokens": statistics.mean(reply.usage.input_tokens for reply in replies),
        "output_tokens": statistics.mean(reply.usage.output_tokens for reply in replies),
    }


async def at_once(
    engine: Engine, texts: list[str], tokens: int, nonces: Nonces
) -> dict[str, float]:
    requests = [chat(text, tokens, nonces.next()) for text in texts]
    replies: list[Reply] = await asyncio.gather(*[ask(engine, request) for request in requests])
    begun = min(reply.timing.sent_ns for reply in replies)
    ended = max(reply.timing.done_ns for reply in replies)
    return {
        "first_s": statistics.median(reply.timing.ttft_s or 0 for reply in replies),
        "tokens_per_s": sum(reply.usage.output_tokens for reply in replies) / (ended - begun) * 1e9,
    }


async def one_round(engine: Engine, number: int, tokens: int, nonces: Nonces) -> dict[str, Any]:
    two = [FREE[(2 * number + i) % len(FREE)] for i in range(2)]
    four = [FREE[(number + i) % len(FREE)] for i in range(4)]
    return {
        "free": await alone(engine, two, tokens, nonces),
        "copy": await alone(engine, [COPY], tokens, nonces),
        "four": await at_once(engine, four, tokens, nonces),
    }


# ---- what bounds it -----------------------------------------------------------------------------


def bandwidth_bytes_per_s(threads: int, block_bytes: int = 256 * 2**20) -> float:
    """Reading memory, summed over threads; the best of several passes."""
    blocks = [np.ones(block_bytes // 8) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        best = float("inf")
        for _ in range(20):
            begun = time.perf_counter()
            list(pool.map(np.max, blocks))
            best = min(best, time.perf_counter() - begun)
    return threads * block_bytes / best


def weight_bytes_per_token(folder: Path) -> int:
    """Bytes of the weights that every token reads: all but tables of which one row is looked up."""
    import onnx

    graph = onnx.load(str(folder / "model.onnx"), load_external_data=False).graph
    looked_up = {"Gather", "GatherBlockQuantized"}
    read = {name for n in graph.node if n.op_type not in looked_up for name in n.input}
    return sum(_bytes(tensor) for tensor in graph.initializer if tensor.name in read)


def _bytes(tensor: Any) -> int:
    outside = {entry.key: entry.value for entry in tensor.external_data}
    return int(outside.get("length", len(tensor.raw_data)))


# ---- the comparison -----------------------------------------------------------------------------


@contextmanager
def llama(weights: Path, threads: int, places: int) -> Iterator[str]:
    """llama.cpp's server in a process of its own; it ends when its standard input does."""
    command = [sys.executable, str(SERVER), str(weights), str(threads), str(places)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdin
        line = next(line for line in process.stdout if line.startswith("serving at "))
        try:
            yield line.removeprefix("serving at ").strip() + "/v1"
        finally:
            process.stdin.close()


async def compare(
    name: str, weights: Path, folder: Path, options: argparse.Namespace
) -> dict[str, Any]:
    settings = msgspec_replace(load_settings(), threads=options.threads)
    ours = open_engine(name, settings)
    with llama(weights, options.threads, 4) as url:
        theirs = open_engine("llama/tiny", Settings(endpoints={"llama": Endpoint(url=url)}))
        try:
            rounds = await _rounds(ours, theirs, options)
        finally:
            await ours.aclose()
            await theirs.aclose()
    bandwidth = bandwidth_bytes_per_s(options.threads)
    per_token = weight_bytes_per_token(folder)
    return {
        "model": name,
        "rounds": rounds,
        "summary": summary(rounds),
        "weight_bytes_per_token": per_token,
        "bandwidth_bytes_per_s": bandwidth,
        "bound_tokens_per_s": bandwidth / per_token,
    }


def msgspec_replace(settings: Settings, *, threads: int) -> Settings:
    import msgspec

    return msgspec.structs.replace(settings, onnx=OnnxSettings(threads=threads))


async def _rounds(ours: Engine, theirs: Engine, options: argparse.Namespace) -> list[Any]:
    nonces = Nonces()
    await ours.warm()
    for engine in (ours, theirs):
        await one_round(engine, 0, 16, nonces)
    made: list[dict[str, Any]] = []
    for number in range(options.rounds):
        pair = [("sprat", ours), ("llama", theirs)]
        made.append({})
        for side, engine in pair if number % 2 == 0 else reversed(pair):
            made[-1][side] = await one_round(engine, number, options.tokens, nonces)
            print(f"round {number + 1}: {side} done", file=sys.stderr, flush=True)
    return made


def summary(rounds: list[Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for case in ("free", "copy", "four"):
        for metric in ("first_s", "tokens_per_s"):
            sides = {
                side: [one[side][case][metric] for one in rounds] for side in ("sprat", "llama")
            }
            ratios = [a / b for a, b in zip(sides["sprat"], sides["llama"], strict=True)]
            result[f"{case}.{metric}"] = {
                "sprat": statistics.median(sides["sprat"]),
                "llama": statistics.median(sides["llama"]),
                "ratio": statistics.median(ratios),
                "ratio_interval": interval(ratios),
            }
    return result


def interval(values: list[float], draws: int = 2000) -> tuple[float, float]:
    """The middle 95% of the medians of resampled rounds (seeded)."""
    random = np.random.default_rng(1)
    medians = np.median(random.choice(values, (draws, len(values))), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return float(low), float(high)


# ---- what a reader sees -------------------------------------------------------------------------

_NAMES = {
    "free.tokens_per_s": "free text, tokens/s",
    "free.first_s": "free text, first token s",
    "copy.tokens_per_s": "copying, tokens/s",
    "copy.first_s": "copying, first token s",
    "four.tokens_per_s": "4 at once, all tokens/s",
    "four.first_s": "4 at once, first token s",
}


def table(results: list[dict[str, Any]]) -> str:
    lines = ["| model | what | Sprat | llama.cpp | ratio | 95% |", "|---|---|---|---|---|---|"]
    for result in results:
        for key, title in _NAMES.items():
            row = result["summary"][key]
            low, high = row["ratio_interval"]
            numbers = f"{row['sprat']:.3g} | {row['llama']:.3g} | {row['ratio']:.2f}"
            lines.append(f"| {result['model']} | {title} | {numbers} | {low:.2f}-{high:.2f} |")
        bound = f"{result['bound_tokens_per_s']:.0f}"
        size = f"{result['weight_bytes_per_token'] / 1e6:.0f} MB per token"
        speed = f"{result['bandwidth_bytes_per_s'] / 1e9:.1f} GB/s"
        lines.append(f"| {result['model']} | bound, tokens/s: {size}, {speed} | {bound} | | | |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["smollm2-135m", "qwen2.5-coder-0.5b"])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--threads", type=int, default=psutil.cpu_count(logical=False) or 1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = [asyncio.run(compare(*located(name), options)) for name in options.models]
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(document(options, results), indent=1), "utf-8")


def located(name: str) -> tuple[str, Path, Path]:
    """The name, its GGUF and its exported folder; fetched and exported the first time."""
    from sprat.models.names import resolve
    from sprat.models.ready import ensure

    settings = load_settings()
    ready = ensure(resolve(name, settings), settings)  # pyright: ignore[reportArgumentType] - local
    if ready.gguf is None:
        sys.exit(f"{name} has no GGUF: llama.cpp cannot read it.")
    return name, ready.gguf, ready.folder


def document(options: argparse.Namespace, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "platform": platform.platform(),
            "cores": psutil.cpu_count(logical=False),
            "load": psutil.getloadavg(),
        },
        "threads": options.threads,
        "tokens": options.tokens,
        "results": results,
    }


if __name__ == "__main__":
    main()
