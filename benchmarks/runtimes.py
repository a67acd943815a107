"""Four runtimes on the same weights: ORT GenAI called directly, Foundry Local, Sprat, llama.cpp.

The first three run the same exported ONNX folder, llama.cpp the GGUF that it was exported from.
All are asked through Sprat's `Engine`, so one stopwatch stamps all: first token = first piece that
reached the caller; decode = tokens after the first / (last piece - first piece). GenAI's
`Generator` is driven in this process; Foundry Local and Sprat in a worker each, llama.cpp behind
its own server on the loopback: what their pipes cost is in their numbers, as for any user.

With `--threads` all get the same number; for GenAI and Foundry Local it is written into a copy's
`genai_config.json`. Without, each takes its own default: of two cores those two take one.

Turns alternate: every second round goes backwards (ABCD, DCBA), and what counts is the ratio to
GenAI within a round: on a shared machine single numbers drift together. Greedy; every prompt begins
with a nonce of its own. Sprat's guesses are on, as by default; they do not change the answer.

Run: python benchmarks/runtimes.py [--models NAME NAME] [--rounds 6] [--threads N] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
from decode import FREE, Nonces, alone, document, interval, llama, located, msgspec_replace

from sprat.door import open_engine
from sprat.engines import Engine
from sprat.engines.base import Load
from sprat.engines.stamps import Stamps
from sprat.models.names import OnnxFolder
from sprat.models.template import read_template
from sprat.settings import Endpoint, Settings, load_settings
from sprat.types import ChatRequest, Delta, Finish, Reply, Usage

RUNTIMES = {
    "genai": "ORT GenAI `Generator`",
    "foundry": "Foundry Local",
    "sprat": "Sprat",
    "llama": "llama.cpp",
}
METRICS = ("tokens_per_s", "first_s")
Native = Any


class Direct:
    """ONNX Runtime GenAI's `Generator`, called in this process: the least that can be around it."""

    def __init__(self, folder: Path) -> None:
        self.name = "genai"
        self.pids = (os.getpid(),)
        from sprat.engines.onnx.decoder import quiet

        quiet()  # it sends nothing here either
        self._og: Native = import_module("onnxruntime_genai")
        self._model: Native = self._og.Model(str(folder))
        self._tokenizer: Native = self._og.Tokenizer(self._model)
        self._template = read_template(folder)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Reply]:
        """Greedy; `max_tokens` is the only parameter that is honoured."""
        stamps = Stamps(request)
        stamps.sent()
        prompt = self._tokenizer.encode(self._template.render(request.messages))
        stamps.prepared()
        generator = self._generator(len(prompt) + (request.max_tokens or 256))
        stamps.started()
        generator.append_tokens(prompt)
        text, count = "", 0
        words: Native = self._tokenizer.create_stream()
        while not generator.is_done():
            generator.generate_next_token()
            count += 1
            piece = Delta(str(words.decode(generator.get_next_tokens()[0])), tokens=1)
            stamps.piece(piece)
            text += piece.text
            yield piece
        finish: Finish = "length" if count == request.max_tokens else "stop"
        yield Reply(text=text, finish=finish, usage=Usage(len(prompt), count), timing=stamps.done())

    def _generator(self, most: int) -> Native:
        params: Native = self._og.GeneratorParams(self._model)
        params.set_search_options(do_sample=False, max_length=most)
        return self._og.Generator(self._model, params)

    async def warm(self) -> Load:
        """It is loaded when it is made."""
        return Load(load_s=None)

    async def aclose(self) -> None:
        """Nothing: it goes with the process."""


def in_foundry(name: str, folder: Path, home: str) -> Engine:
    """The same folder, registered in a Foundry Local of its own below `home`."""
    from sprat.engines.foundry.catalogue import register

    settings = Settings(home=home)
    made = register(OnnxFolder(folder, name), settings, name)
    return open_engine(f"foundry:{made.alias}", settings)


def with_threads(folder: Path, threads: int, copy: Path) -> Path:
    """A copy of an exported folder that says how many threads compute it."""
    shutil.copytree(folder, copy)
    file = copy / "genai_config.json"
    config = json.loads(file.read_text("utf-8"))
    config["model"]["decoder"]["session_options"]["intra_op_num_threads"] = threads
    file.write_text(json.dumps(config), "utf-8")
    return copy


async def compare(
    name: str, weights: Path, folder: Path, options: argparse.Namespace
) -> dict[str, Any]:
    async with AsyncExitStack() as held:
        home = held.enter_context(tempfile.TemporaryDirectory())
        cores = options.threads or psutil.cpu_count(logical=False) or 1
        if options.threads:
            folder = with_threads(folder, options.threads, Path(home) / "model")
        url = held.enter_context(llama(weights, cores, 1))
        engines: dict[str, Engine] = {
            "genai": Direct(folder),
            "foundry": in_foundry(name, folder, home),
            "sprat": open_engine(name, msgspec_replace(load_settings(), threads=cores)),
            "llama": open_engine("llama/x", Settings(endpoints={"llama": Endpoint(url=url)})),
        }
        for engine in engines.values():
            held.push_async_callback(engine.aclose)
        rounds = await _rounds(engines, options)
    return {"model": name, "rounds": rounds, "summary": summary(rounds)}


async def _rounds(engines: dict[str, Engine], options: argparse.Namespace) -> list[Any]:
    nonces = Nonces()
    for engine in engines.values():
        await alone(engine, list(FREE[:1]), 16, nonces)
    made: list[dict[str, Any]] = []
    for number in range(options.rounds):
        texts = [FREE[(2 * number + i) % len(FREE)] for i in range(2)]
        order = list(engines) if number % 2 == 0 else list(reversed(engines))
        made.append({})
        for side in order:
            made[-1][side] = await alone(engines[side], texts, options.tokens, nonces)
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return made


def summary(rounds: list[Any]) -> dict[str, Any]:
    """Per runtime and metric: the median, and the ratio to GenAI within a round."""
    result: dict[str, Any] = {}
    for side in RUNTIMES:
        for metric in METRICS:
            values = [one[side][metric] for one in rounds]
            ratios = [one[side][metric] / one["genai"][metric] for one in rounds]
            result[f"{side}.{metric}"] = {
                "median": statistics.median(values),
                "ratio": statistics.median(ratios),
                "ratio_interval": interval(ratios),
            }
    return result


def table(results: list[dict[str, Any]]) -> str:
    lines = [
        "| model | runtime | tokens/s | to GenAI | 95% | first token s | to GenAI | 95% |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        for side, title in RUNTIMES.items():
            cells = [_cells(result["summary"][f"{side}.{m}"], side) for m in METRICS]
            lines.append(f"| {result['model']} | {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(row: dict[str, Any], side: str) -> str:
    if side == "genai":
        return f"{row['median']:.3g} | 1 | "
    low, high = row["ratio_interval"]
    return f"{row['median']:.3g} | {row['ratio']:.2f} | {low:.2f}-{high:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["smollm2-135m", "qwen2.5-coder-0.5b"])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, help="the same for all [each its own default]")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = [asyncio.run(compare(*located(name), options)) for name in options.models]
    print(table(results))
    made = document(options, results)
    machine = made["machine"]
    threads = options.threads or "as each takes"
    print(f"threads: {threads}; load {machine['load'][0]:.1f}, {machine['cores']} cores")
    if options.json:
        options.json.write_text(json.dumps(made, indent=1), "utf-8")


if __name__ == "__main__":
    main()
