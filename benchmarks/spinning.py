"""What it costs and brings that idle threads sleep soon: two models, alone and at once.

Both sides are Sprat's engine: as it is, where a thread without work sleeps after 50 microseconds,
and without `session.intra_op.spin_duration_us`, where it looks for work a million times before.
Sides take turns (ABBA). Each opens both models, asks each alone, then both at the same time,
greedily; no prompt comes twice.

What is counted: output tokens a second of each model, alone and while the other answers too;
processor seconds of all threads for 100 tokens, alone; seconds to the first token of a long prompt,
alone. Ratios are within a round; beside their median stand the lowest and the highest.

Run: python benchmarks/spinning.py [--models smollm2-135m qwen2.5-coder-0.5b] [--rounds 6]
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from sprat.door import open_engine
from sprat.engines.base import Engine, ask
from sprat.settings import load_settings
from sprat.types import ChatRequest, Message, Reply

TOKENS = 48
LONG = "The harbour keeps the north wind from the boats, and the boats keep the town. " * 30
FILTER = """
import onnxruntime
take = onnxruntime.SessionOptions.add_session_config_entry
def without(self, key, value):
    if key != "session.intra_op.spin_duration_us":
        take(self, key, value)
onnxruntime.SessionOptions.add_session_config_entry = without
"""
"""Python runs `sitecustomize` before anything else, in the worker's process too."""
SIDES = ("50 µs", "as ONNX Runtime has it")
Figures = dict[str, float]
_NUMBERS = count(1)


@contextmanager
def side(name: str) -> Iterator[None]:
    """Workers that start within it are of that side."""
    if name == SIDES[0]:
        yield
        return
    before = os.environ.get("PYTHONPATH")
    with TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(FILTER, "utf-8")
        os.environ["PYTHONPATH"] = folder
        try:
            yield
        finally:
            del os.environ["PYTHONPATH"]
            if before is not None:
                os.environ["PYTHONPATH"] = before


def request(text: str, tokens: int = TOKENS) -> ChatRequest:
    """Begins otherwise each time, so nothing of it was read before."""
    said = f"[{next(_NUMBERS) * 7919 % 1_000_000:06d}] {text}"
    return ChatRequest(messages=(Message("user", said),), max_tokens=tokens, temperature=0.0)


async def answers(engine: Engine, n: int) -> tuple[int, float]:
    """Output tokens of so many answers, and the seconds that they took."""
    began, tokens = time.perf_counter(), 0
    for _ in range(n):
        reply = await ask(engine, request("Write a long story about a fox by the river."))
        tokens += reply.usage.output_tokens
    return tokens, time.perf_counter() - began


async def while_asked(engine: Engine, ended: asyncio.Event) -> float:
    """Tokens a second until `ended`; of whole answers."""
    began, tokens = time.perf_counter(), 0
    while not ended.is_set():
        tokens += (await answers(engine, 1))[0]
    return tokens / (time.perf_counter() - began)


def processor_s() -> float:
    """Of all workers that live."""
    workers = psutil.Process().children(recursive=True)
    return sum(sum(worker.cpu_times()[:2]) for worker in workers)


async def alone(name: str, engine: Engine) -> Figures:
    before = processor_s()
    tokens, seconds = await answers(engine, 6)
    spent = processor_s() - before
    long: Reply = await ask(engine, request(LONG, 1))
    return {
        f"{name} alone, tokens/s": tokens / seconds,
        f"{name} alone, processor seconds for 100 tokens": 100 * spent / tokens,
        f"{name} alone, first token of {long.usage.input_tokens} in, s": long.timing.ttft_s or 0,
    }


async def at_once(engines: dict[str, Engine], seconds: float = 12) -> Figures:
    ended = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, ended.set)
    rates = await asyncio.gather(*(while_asked(one, ended) for one in engines.values()))
    return {
        f"{name} beside the other, tokens/s": rate
        for name, rate in zip(engines, rates, strict=True)
    }


async def turn(models: Sequence[str]) -> Figures:
    """Everything of one side."""
    settings = load_settings(environ=dict(os.environ))
    engines = {name: open_engine(name, settings) for name in models}
    try:
        for engine in engines.values():
            await engine.warm()
            await answers(engine, 1)
        found: Figures = {}
        for name, engine in engines.items():
            found |= await alone(name, engine)
        return found | await at_once(engines)
    finally:
        for engine in engines.values():
            await engine.aclose()


def table(rounds: Sequence[dict[str, Figures]]) -> Iterator[str]:
    """Medians of both sides, and the ratio within a round."""
    yield f"| | {SIDES[0]} | {SIDES[1]} | ratio | lowest to highest |"
    yield "|---|---:|---:|---:|---|"
    for what in rounds[0][SIDES[0]]:
        ours, theirs = ([one[name][what] for one in rounds] for name in SIDES)
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        yield (
            f"| {what} | {statistics.median(ours):.3g} | {statistics.median(theirs):.3g} "
            f"| {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs=2, default=["smollm2-135m", "qwen2.5-coder-0.5b"])
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    rounds: list[dict[str, Figures]] = []
    for number in range(options.rounds):
        rounds.append({})
        for name in SIDES if number % 2 == 0 else reversed(SIDES):
            with side(name):
                rounds[-1][name] = asyncio.run(turn(options.models))
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr, flush=True)
    print("\n".join(table(rounds)))


if __name__ == "__main__":
    main()
