"""Sprat's bench beside an established tool, AIPerf, on the same llama.cpp server.

Both ask one server (llama.cpp, the same GGUF, one place) for the same prompts with the same length
of answer, one request at a time, in blocks that alternate (Sprat, AIPerf, AIPerf, Sprat, …), each
warmed up by its own means. Both count first token from sending to the first piece with content, and
time between tokens as (last - first) / (n - 1) with the server's own token count. What is compared
is the median over all blocks of each; the aim is a difference within 3% or 1 ms.

AIPerf runs in an environment of its own, made by uv on first use in the user's cache folder (some
700 MB; delete it freely), with the tokenizer of Sprat's export: nothing is fetched meanwhile.

Run: python benchmarks/agreement.py [--model NAME] [--blocks 6] [--requests 12] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from platformdirs import user_cache_path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # for tests.engines: llama.cpp's server

CACHE = user_cache_path("sprat-benchmarks", appauthor=False)
PACKAGES = ("aiperf==0.13.0",)
WARM_UP = 4
AIM, AIM_MS = 0.03, 1.0
PATIENCE_S = 600
ROWS = (("first token", "first_ms"), ("between tokens", "between_ms"))


def main() -> None:
    options = _options()
    aiperf = aiperf_command()
    result = measure(options, aiperf)
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Sprat's bench beside AIPerf.")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--requests", type=int, default=12)
    parser.add_argument("--prompt-tokens", type=int, default=128)
    parser.add_argument("--output-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def aiperf_command() -> Path:
    """AIPerf's command in its environment, made if need be."""
    place = CACHE / "aiperf"
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    python, command = scripts / "python", scripts / "aiperf"
    if not command.exists():
        print("Installing AIPerf, once…", file=sys.stderr)
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "-q", "--clear", str(place)], check=True)
        subprocess.run(
            [*uv, "pip", "install", "-q", "--python", str(python), *PACKAGES], check=True
        )
    return command


def measure(options: argparse.Namespace, aiperf: Path) -> dict[str, Any]:
    from tests.engines.llama_server import llama_server

    from sprat.measure.environment import describe_environment

    weights, tokenizer = files_of(options.model)
    blocks: dict[str, list[dict[str, Any]]] = {"sprat": [], "aiperf": []}
    with (
        TemporaryDirectory() as folder,
        llama_server(weights, threads=options.threads, places=1) as url,
    ):
        for number in range(options.blocks):
            order = ("sprat", "aiperf") if number % 2 == 0 else ("aiperf", "sprat")
            for tool in order:
                print(f"block {number + 1} of {options.blocks}: {tool}…", file=sys.stderr)
                if tool == "sprat":
                    block = asyncio.run(ask_with_sprat(options, url))
                else:
                    place = Path(folder) / str(number)
                    words = blocks["sprat"][0]["words"]
                    block = ask_with_aiperf(options, url, aiperf, tokenizer, place, words)
                blocks[tool].append(block)
    return {
        "what": "agreement",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": options.model,
        "environment": describe_environment(("sprat", "xllamacpp"), providers=False),
        "aiperf": PACKAGES[0],
        "threads": options.threads,
        "blocks": blocks,
        "compared": [compare(name, key, blocks) for name, key in ROWS],
    }


def files_of(name: str) -> tuple[Path, Path]:
    """The model's GGUF, and the folder of its export, which holds its tokenizer."""
    from sprat.models.names import resolve
    from sprat.models.ready import ensure
    from sprat.settings import load_settings

    settings = load_settings()
    ready = ensure(resolve(name, settings), settings)  # pyright: ignore[reportArgumentType] - local
    if ready.gguf is None:
        sys.exit(f"{name} has no GGUF: llama.cpp cannot read it.")
    return ready.gguf, ready.folder


# ---- Sprat --------------------------------------------------------------------------------------


async def ask_with_sprat(options: argparse.Namespace, url: str) -> dict[str, Any]:
    """One round of one cell, through the same code as `sprat bench`."""
    from sprat.engines.openai import OpenAIEngine
    from sprat.measure.environment import describe_environment
    from sprat.runs.store import Store
    from sprat.settings import Endpoint
    from sprat.studies.bench.plan import BenchPlan, Side
    from sprat.studies.bench.record import Record
    from sprat.studies.bench.study import Bench
    from sprat.studies.bench.summary import summarise

    plan = BenchPlan(
        models=("llama.cpp",),
        prompt_tokens=(options.prompt_tokens,),
        output_tokens=(options.output_tokens,),
        rounds=1,
        requests=options.requests,
    )
    sides = (Side("llama.cpp", "llama.cpp"),)
    with TemporaryDirectory() as folder, Store(Path(folder) / "runs.db", create=True) as store:
        record = Record(plan, sides, store, describe=lambda: describe_environment(providers=False))
        engine = OpenAIEngine("llama.cpp", Endpoint(url=url), "tiny")
        study = await Bench(plan, sides, lambda _side, _reuse: engine, store, record).run()
        result = summarise(store, study)
        texts = [run.request.messages[0].content for run in store.runs(study)]
    return {
        "first_ms": [row.ttft_s * 1000 for row in result.requests if row.ttft_s],
        "between_ms": [row.inter_token_s * 1000 for row in result.requests if row.inter_token_s],
        "input_tokens": [row.input_tokens for row in result.requests],
        "output_tokens": [row.output_tokens for row in result.requests],
        "words": len(texts[0].splitlines()[1].split()),
    }


# ---- AIPerf -------------------------------------------------------------------------------------


def ask_with_aiperf(
    options: argparse.Namespace, url: str, aiperf: Path, tokenizer: Path, place: Path, words: int
) -> dict[str, Any]:
    """The same prompts, each with a nonce of its own; AIPerf's own warm-up, stamps and records."""
    place.mkdir()
    prompts = place / "prompts.jsonl"
    prompts.write_text(prompt_lines(options.requests + WARM_UP, words), encoding="utf-8")
    command = [
        str(aiperf), "profile", "--model", "tiny", "--url", url.removesuffix("/v1"),
        "--endpoint-type", "chat", "--streaming", "--tokenizer", str(tokenizer),
        "--input-file", str(prompts), "--custom-dataset-type", "single_turn",
        "--dataset-sampling-strategy", "sequential", "--concurrency", "1",
        "--request-count", str(options.requests), "--warmup-request-count", str(WARM_UP),
        "--extra-inputs", json.dumps({
            "max_tokens": options.output_tokens, "temperature": 0, "ignore_eos": True,
        }),
        "--use-server-token-count", "--ui", "none", "--output-artifact-dir", str(place),
        "--no-gpu-telemetry", "--no-server-metrics",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=place, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    records = list(place.rglob("profile_export.jsonl"))
    if done.returncode or not records:
        sys.exit(f"AIPerf failed ({done.returncode}):\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    rows = [json.loads(line) for line in records[0].read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["metadata"]["benchmark_phase"] == "profiling"]
    return {
        "first_ms": metric(rows, "time_to_first_token"),
        "between_ms": metric(rows, "inter_token_latency"),
        "input_tokens": metric(rows, "input_sequence_length"),
        "output_tokens": metric(rows, "output_sequence_length"),
    }


def prompt_lines(count: int, words: int) -> str:
    from sprat.studies.bench.prompts import sized_prompt
    from sprat.studies.bench.ready import NONCES

    prompt = sized_prompt(words, "warm")
    texts = [prompt.request(next(NONCES), 1, 0).messages[0].content for _ in range(count)]
    return "".join(json.dumps({"text": text}) + "\n" for text in texts)


def metric(rows: Sequence[dict[str, Any]], name: str) -> list[float]:
    return [row["metrics"][name]["value"] for row in rows if name in row["metrics"]]


# ---- both ---------------------------------------------------------------------------------------


def compare(name: str, key: str, blocks: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    ours, theirs = (
        median(value for block in blocks[tool] for value in block[key])
        for tool in ("sprat", "aiperf")
    )
    apart = ours - theirs
    return {
        "what": name,
        "n": [sum(len(block[key]) for block in blocks[tool]) for tool in ("sprat", "aiperf")],
        "sprat_ms": ours,
        "aiperf_ms": theirs,
        "apart_ms": apart,
        "apart": apart / theirs,
        "agrees": abs(apart) <= max(AIM_MS, AIM * theirs),
        "by_block": [
            [median(block[key]) for block in pair]
            for pair in zip(blocks["sprat"], blocks["aiperf"], strict=True)
        ],
    }


def table(result: dict[str, Any]) -> str:
    lines = [
        f"{result['model']} on llama.cpp, {result['threads']} thread(s), {result['aiperf']}",
        f"{'median of':<16}{'Sprat':>12}{'AIPerf':>12}{'apart':>12}{'apart':>8}  within 3% or 1 ms",
    ]
    lines += [
        f"{row['what']:<16}{row['sprat_ms']:>9.3f} ms{row['aiperf_ms']:>9.3f} ms"
        f"{row['apart_ms']:>+9.3f} ms{row['apart']:>+8.1%}  {'yes' if row['agrees'] else 'no'}"
        for row in result["compared"]
    ]
    for tool, found in result["blocks"].items():
        tokens = [
            median(value for block in found for value in block[key])
            for key in ("input_tokens", "output_tokens")
        ]
        n = sum(len(block["first_ms"]) for block in found)
        lines.append(f"{tool}: {n} requests, {tokens[0]:.0f} tokens in, {tokens[1]:.0f} out")
    lines.append(f"load average {result['environment']['load_average_1min']} when it ended")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
